"""`satellite wake test`: tries a wake word on what people say, and on speech without the word."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import click
import msgspec

from satellite.cli import command, flags
from satellite.cli.download import duration
from satellite.cli.screen import count, echo, print_text
from satellite.cli.speech_files import read_speech
from satellite.cli.word_recordings import wav_option, word_recordings
from satellite.components.auto import wake_engine
from satellite.diagnostics.soundcheck.false_wakes import FalseWakes, false_wakes
from satellite.diagnostics.soundcheck.read_aloud import read_aloud
from satellite.diagnostics.soundcheck.reading_voices import reading_voices
from satellite.diagnostics.soundcheck.speech_texts import book, dialogue, read_sentences
from satellite.engines import assembly
from satellite.languages.pack import ENGLISH
from satellite.ports import EngineContext
from satellite.settings import Settings
from satellite.text.quoted import quoted
from satellite.values import SPEECH, DetectRequest

MINUTES = 60
"""Minutes of speech without the word, where a person tries it at the microphone."""
MOST_MINUTES = 240
SOON, EVERY = 0.5, 10.0
"""Seconds between two lines of progress, at a terminal and in a log."""
BEFORE, AFTER = 1.0, 1.5
"""Seconds of silence around a sound that is tried: words are detected up to one after their end."""
MOST_SHOWN = 8
"""False wakes that are shown."""


@command.command("test")
@wav_option
@command.option(
    "--other",
    "others",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Recording without the word, of a television for example, in which wakes are false; may "
    "be repeated",
)
@command.option(
    "--speech",
    type=click.IntRange(0, MOST_MINUTES),
    metavar="MINUTES",
    help="Minutes of speech without the word, in which wakes are false: voices of this machine "
    f"read a book and dialogues in English  [default: {MINUTES}, or 0 with --wav or "
    "--other]",
)
@command.option(
    "--text",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Text that they read instead, a sentence a line, in the language of the setting language",
)
@flags.engine("wake", "mic", "tts")
@flags.common
@click.argument("word", default="", metavar="[WORD]")
@click.pass_context
def test(
    context: click.Context,
    word: str,
    wavs: tuple[Path, ...],
    others: tuple[Path, ...],
    speech: int | None,
    text: Path | None,
) -> None:
    """Try a wake word: how often it is heard when it is said, and when it is not.

    You say the word four times; then voices of this machine read aloud for an hour, into the
    detector only and faster than an hour. Any wake engine is tried as the satellite uses it, with
    the voices that it has learned: --wake names another one, a model of your own, or a word that
    is written down. Without WORD, all words of the engine are tried.
    """
    invocation = flags.invocation(context)
    invocation.start_logging()
    settings = invocation.settings()
    component = wake_engine(settings.wake)
    at_microphone = not (wavs or others or speech or text)
    minutes = (0 if wavs or others else MINUTES) if speech is None else speech
    texts = (*dialogue(), *book()) if text is None else read_sentences(text)
    language = ENGLISH if text is None else settings.language
    request = DetectRequest(words=(word,) if word else ())

    async def work(bus: Any) -> None:
        engine = await assembly.create("wake", component, EngineContext.for_settings(settings))
        try:
            await engine.load()
            if wavs or at_microphone:
                await _try_words(settings, engine, request, wavs)
            for path in others:
                audio = read_speech(path)
                false = len(await _detected(engine, request, audio))
                hours = SPEECH.seconds(audio) / 3600
                echo(f"{path}: {false} false wakes, {false / hours if hours else 0:.1f} an hour")
            if minutes:
                await try_speech(settings, engine, request, texts, language, minutes)
        finally:
            await engine.close()

    invocation.run(work, recorded=False)


class Progress:
    """How much of the speech was read, on standard error: a line that changes at a terminal, a line
    now and then otherwise."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._began = clock()
        self._printed = self._began
        self._read = 0.0
        self._changes = sys.stderr.isatty()

    def advance(self, seconds: float) -> None:
        """Count seconds of speech; print when it is time."""
        self._read = min(self._read + seconds, self._seconds)
        now = self._clock()
        if now - self._printed < (SOON if self._changes else EVERY):
            return
        self._printed = now
        left = (now - self._began) * (self._seconds / max(self._read, 1) - 1)
        line = f"{self._read / 60:.0f} of {self._seconds / 60:.0f} minutes, {duration(left)} left"
        click.echo(f"\r{line:<40}" if self._changes else line, err=True, nl=not self._changes)

    def end(self) -> None:
        """Clear the line that changes."""
        if self._changes and self._printed > self._began:
            click.echo(f"\r{'':<40}\r", err=True, nl=False)


async def _try_words(
    settings: Settings, engine: Any, request: DetectRequest, wavs: Sequence[Path]
) -> None:
    """Print which recordings of the word are heard."""
    name = request.words[0] if request.words else "the wake word"
    words = await word_recordings(settings, wavs, name)
    found = [await _detected(engine, request, audio) for audio in words.values()]
    for label, scores in zip(words, found, strict=True):
        listed = ", ".join(f"{score:.2f}" for score in scores)
        echo(f"{label}: {f'heard ({listed})' if scores else 'not heard'}")
    echo(f"heard {sum(map(bool, found))} of {len(found)}")


async def try_speech(
    settings: Settings,
    engine: Any,
    request: DetectRequest,
    texts: Sequence[str],
    language: str,
    minutes: int,
) -> None:
    """Print the false wakes in speech by the voices of this machine."""
    spoken = msgspec.structs.replace(settings, language=language)
    context = EngineContext.for_settings(spoken)
    async with reading_voices(settings.tts, context) as voices:
        print_text(
            f"{count(len(voices), 'voice')} of this machine read for at most "
            f"{count(minutes, 'minute')}, into the detector only; Ctrl-C ends it",
            err=True,
        )
        progress = Progress(60 * minutes)
        async with aclosing(read_aloud(voices, texts, 60 * minutes)) as readings:
            found = await false_wakes(engine, request, readings, progress.advance)
        progress.end()
    _print_false(found)


def _print_false(found: FalseWakes) -> None:
    for each in found.found[:MOST_SHOWN]:
        print_text(f"{each.word} ({each.score:.2f}) in {quoted(each.text)} by {each.voice}")
    if (more := len(found.found) - MOST_SHOWN) > 0:
        echo(f"and {more} more")
    echo(
        f"speech of {found.seconds / 60:.0f} minutes by {count(len(found.voices), 'voice')}: "
        f"{count(len(found.found), 'false wake')}, {found.an_hour:.1f} an hour"
    )


async def _detected(engine: Any, request: DetectRequest, audio: bytes) -> list[float]:
    """Return the scores of the detections in a sound between silences."""

    async def chunks() -> AsyncIterator[bytes]:
        sound = bytes(SPEECH.bytes_of(BEFORE)) + audio + bytes(SPEECH.bytes_of(AFTER))
        for start in range(0, len(sound), SPEECH.bytes_of(0.08)):
            yield sound[start : start + SPEECH.bytes_of(0.08)]

    async with aclosing(engine.detect(chunks(), request)) as detections:
        return [detection.score async for detection in detections]
