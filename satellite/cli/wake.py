"""`satellite wake`: teaches the satellite how people say its wake word, and tries a word."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import click
import msgspec

from satellite.builtin.audio import devices
from satellite.builtin.wake.embedding_engine import EmbeddingEngine
from satellite.builtin.wake.learned_voices import VoiceFile
from satellite.builtin.wake.learning import MOST, learn
from satellite.builtin.wake.two_stage import TwoStage
from satellite.cli import command, flags
from satellite.cli.screen import count, echo, print_json, print_table, print_text
from satellite.cli.speech_files import converted, read_speech
from satellite.cli.terminal import asker
from satellite.cli.wake_review import review
from satellite.components import spec
from satellite.components.auto import BUILT_IN
from satellite.components.spec import AUTO
from satellite.diagnostics.soundcheck.recording import record
from satellite.engines import assembly
from satellite.errors import UsageError
from satellite.ports import EngineContext
from satellite.settings import Settings
from satellite.text.quoted import quoted
from satellite.values import SPEECH, DetectRequest

TIMES = 4
"""Recordings of a word at the microphone."""
SECONDS = 3.0
"""Seconds of each of them."""
BEFORE, AFTER = 1.0, 1.5
"""Seconds of silence around a sound that is tried: words are detected up to one after their end."""


class Row(msgspec.Struct, frozen=True):
    """A voice in the list."""

    name: str
    word: str
    recordings: int


@command.group("wake")
@flags.common
@flags.as_json
@click.pass_context
def wake(context: click.Context) -> None:
    """Teach the satellite voices, or try a wake word.

    Without a command, list the voices that were learned. They stay on this machine.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_voices)
    elif flags.invocation(context).json and context.invoked_subcommand != "list":
        raise click.UsageError(f"wake {context.invoked_subcommand} prints no table for --json")


@wake.command("list", context_settings=command.WIDTH)
@flags.common
@flags.as_json
@click.pass_context
def list_voices(context: click.Context) -> None:
    """List the voices that were learned."""
    invocation = flags.invocation(context)
    stored = VoiceFile(invocation.settings().name).read()
    rows = [Row(each.name, each.word, each.recordings) for each in stored.voices]
    if invocation.json:
        print_json(rows)
    elif rows:
        cells = [(row.name, row.word, str(row.recordings)) for row in rows]
        print_table(cells, header=("NAME", "WORD", "RECORDINGS"))
    else:
        print_text("no voice was learned; satellite wake learn NAME learns one")


_WAV = command.option(
    "--wav",
    "wavs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Recording of the word, said once; may be repeated. Without any, the microphone records",
)
_WORD = command.option(
    "--word", default="", metavar="WORD", help="Wake word  [default: the first of the setting wake]"
)


@wake.command("learn", context_settings=command.WIDTH)
@_WAV
@_WORD
@flags.engine("wake", "mic")
@flags.common
@click.argument("name")
@click.pass_context
def learn_voice(context: click.Context, name: str, wavs: tuple[Path, ...], word: str) -> None:
    """Learn how a person says the wake word.

    The person says it four times. From then on, a learned voice needs a lower score, so that it is
    heard from farther away and in noise; guests are heard as before. A voice of the same name is
    replaced.
    """
    invocation = flags.invocation(context)
    invocation.start_logging()
    settings = invocation.settings()
    name = " ".join(name.split())
    if not 1 <= len(name) <= 40:
        raise UsageError(f"{quoted(name)}: a name has 1 to 40 characters")
    file = VoiceFile(settings.name)

    async def work(bus: Any) -> None:
        async def learned(engine: EmbeddingEngine, word: str) -> None:
            recordings = await _recordings(settings, wavs, word)
            taught = await learn(engine, word, name, recordings)
            file.add(taught.voice)
            scores = ", ".join(f"{score:.2f}" for score in taught.scores.values())
            echo(f"{name} is learned from {count(len(recordings), 'recording')} ({scores})")

        await _with_engine(settings, word, learned)

    invocation.run(work, recorded=False)
    echo(f"stored in {file.path}; a running satellite uses it after its next start")


@wake.command("forget", context_settings=command.WIDTH)
@flags.common
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.pass_context
def forget(context: click.Context, names: tuple[str, ...]) -> None:
    """Delete voices that were learned."""
    invocation = flags.invocation(context)
    invocation.start_logging()
    file = VoiceFile(invocation.settings().name)
    for name in names:
        file.remove(name)
        echo(f"{name} is forgotten")


@wake.command("test", context_settings=command.WIDTH)
@_WAV
@command.option(
    "--other",
    "others",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Recording without the word, of a television for example, in which wakes are false; may "
    "be repeated",
)
@flags.engine("wake", "mic")
@flags.common
@click.pass_context
def test(context: click.Context, wavs: tuple[Path, ...], others: tuple[Path, ...]) -> None:
    """Try the wake word: how often it is heard when it is said, and when it is not.

    Any wake engine is tried as the satellite uses it, with the voices that it has learned:
    --wake names another word, a model of your own, or a word that is written down.
    """
    invocation = flags.invocation(context)
    invocation.start_logging()
    settings = invocation.settings()
    component = settings.wake if settings.wake != AUTO else BUILT_IN["wake"]

    async def work(bus: Any) -> None:
        engine = await assembly.create("wake", component, EngineContext.for_settings(settings))
        try:
            await engine.load()
            if wavs or not others:
                words = await _recordings(settings, wavs, "the wake word")
                found = [await _detected(engine, audio) for audio in words.values()]
                for label, scores in zip(words, found, strict=True):
                    listed = ", ".join(f"{score:.2f}" for score in scores)
                    echo(f"{label}: {f'heard ({listed})' if scores else 'not heard'}")
                echo(f"heard {sum(map(bool, found))} of {len(found)}")
            for path in others:
                audio = read_speech(path)
                false = len(await _detected(engine, audio))
                hours = SPEECH.seconds(audio) / 3600
                echo(f"{path}: {false} false wakes, {false / hours if hours else 0:.1f} an hour")
        finally:
            await engine.close()

    invocation.run(work, recorded=False)


wake.add_command(review)


async def _detected(engine: Any, audio: bytes) -> list[float]:
    """Return the scores of the detections in a sound between silences."""

    async def chunks() -> AsyncIterator[bytes]:
        sound = bytes(SPEECH.bytes_of(BEFORE)) + audio + bytes(SPEECH.bytes_of(AFTER))
        for start in range(0, len(sound), SPEECH.bytes_of(0.08)):
            yield sound[start : start + SPEECH.bytes_of(0.08)]

    async with aclosing(engine.detect(chunks(), DetectRequest())) as detections:
        return [detection.score async for detection in detections]


async def _with_engine(
    settings: Settings, word: str, work: Callable[[EmbeddingEngine, str], Awaitable[None]]
) -> None:
    """Do something with openWakeWord's models and the name of a word. Raises `UsageError` for a
    wake engine that uses others."""
    component = settings.wake if settings.wake != AUTO else BUILT_IN["wake"]
    engine = None
    if not spec.is_uri(component):
        engine = await assembly.create("wake", component, EngineContext())
    if isinstance(engine, TwoStage):
        engine = engine.confirming
    if not isinstance(engine, EmbeddingEngine):
        raise UsageError(
            f"{component}: voices are learned with openWakeWord's models: set wake to openwakeword "
            "or two-stage"
        )
    try:
        await engine.load()
        await work(engine, engine.word_named(word))
    finally:
        await engine.close()


async def _recordings(settings: Settings, wavs: tuple[Path, ...], word: str) -> Mapping[str, bytes]:
    """Return recordings of a word by their labels. Raises `UsageError`, and `DeviceError`s."""
    if wavs:
        if len(wavs) > MOST:
            raise UsageError(f"name at most {MOST} recordings")
        return {str(path): read_speech(path) for path in wavs}
    ask = asker(silent=False)
    component = settings.mic if settings.mic != AUTO else devices.default_mic()
    found = {}
    for number in range(1, TIMES + 1):
        await ask.text(f"Press Enter, then say {word.replace('_', ' ')} ({number} of {TIMES})", "")
        recording = await record(spec.create("mic", component), SECONDS)
        found[f"recording {number}"] = converted(recording.audio, recording.form)
    return found
