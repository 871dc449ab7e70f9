"""Whisper in the languages of the packs: character errors with and without prompts and names.

    python -m tests.bench.languages [--clips FOLDER ...] [--homes FILE] [--languages zh de]
        [--conditions plain names] [--prompt TEXT] [--texts]

A folder of clips has `expected.tsv`: the path of a WAV file in it, its language and the spoken
text, separated by tabs. Without a folder, eSpeak NG speaks the sentences of languages_texts.py. The
names of a home are those of that module, or of a JSON file: by language, `areas` and `names`.

Prints for each language and condition the character error rate, and in brackets how many names were
written without having been said. Numbers in figures count as errors, so only the differences
between conditions mean something. Decoding is at temperature 0 alone, so that conditions without a
difference for Whisper have the same result. The model is the real Whisper base: `python -m
tests.support.real_models` fetches it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from satellite.audio.wavfile import read_wav
from satellite.values import SPEECH, TranscribeRequest
from servers.asr.scripts import units
from servers.asr.whisper.engine import FasterWhisper
from tests.bench.languages_texts import HOMES, TEXTS
from tests.bench.word_errors import errors
from tests.support.real_models import Unavailable, fetched
from tests.support.speech import speak

TAIL = 0.3
"""Seconds of the end of a wake word in front of a request."""
WAKE_WORD = "okay nabu"
PAUSE = 0.5
"""Seconds of silence around synthetic speech."""


class Condition(msgspec.Struct, frozen=True):
    """What Whisper gets besides the sound."""

    name: str
    prompt: bool = False
    names: bool = False
    tail: bool = False


CONDITIONS = (
    Condition("plain"),
    Condition("prompt", prompt=True),
    Condition("names", names=True),
    Condition("tail", tail=True),
    Condition("tail+names", tail=True, names=True),
)


class Clip(msgspec.Struct, frozen=True):
    """A spoken sentence: 16 kHz mono."""

    voice: str
    language: str
    text: str
    audio: bytes


class Result(msgspec.Struct):
    """Sums over the clips of a language and condition."""

    errors: int = 0
    characters: int = 0
    invented: int = 0
    """Names that were written and not said."""

    @property
    def cell(self) -> str:
        return f"{100 * self.errors / max(1, self.characters):.1f} ({self.invented})"


def recorded(folder: Path) -> Iterator[Clip]:
    """Yield the clips of a folder."""
    for line in (folder / "expected.tsv").read_text("utf-8").splitlines():
        path, language, text = line.split("\t")
        _, audio = read_wav(folder / path)
        yield Clip(folder.name, language, text, audio)


def synthesized() -> Iterator[Clip]:
    """Yield the sentences of languages_texts.py, spoken by eSpeak NG."""
    silence = bytes(SPEECH.bytes_of(PAUSE))
    for language, texts in TEXTS.items():
        for text in texts:
            yield Clip("espeak", language, text, silence + speak(text, language) + silence)


def characters(text: str) -> str:
    """Return the letters and digits of a text, in small letters."""
    return "".join(units(text))


def invented(clip: Clip, written: str, names: Sequence[str]) -> int:
    """Return how many names are in a transcript more often than in the spoken text."""
    said, found = characters(clip.text), characters(written)
    return sum(found.count(characters(name)) > said.count(characters(name)) for name in names)


class Bench:
    """An engine as it is, and one with another prompt."""

    def __init__(self, homes: Mapping[str, Sequence[str]], prompt: str) -> None:
        """`prompt` is for the condition of that name."""
        self._homes = homes
        self._tail = speak(WAKE_WORD).rstrip(b"\0")[-SPEECH.bytes_of(TAIL) :]
        model = str(fetched("whisper-base"))
        options = FasterWhisper.Options(model=model, partials=False, temperature=(0.0,))
        self._usual = FasterWhisper(options)
        self._prompted = FasterWhisper(msgspec.structs.replace(options, initial_prompt=prompt))

    async def load(self) -> None:
        await self._usual.load()
        await self._prompted.load()

    async def close(self) -> None:
        await self._usual.close()
        await self._prompted.close()

    async def written(self, clip: Clip, condition: Condition) -> str:
        """Return what Whisper writes for a clip."""
        engine = self._prompted if condition.prompt else self._usual
        names = tuple(self._homes.get(clip.language, ())) if condition.names else ()
        request = TranscribeRequest(language=clip.language, names=names)
        audio = self._tail + clip.audio if condition.tail else clip.audio

        async def feed() -> AsyncIterator[bytes]:
            yield audio

        *_, last = [transcript async for transcript in engine.transcribe(feed(), request)]
        return last.text

    async def run(self, clips: Sequence[Clip], conditions: Sequence[Condition], show: bool) -> None:
        """Print the table."""
        print(
            f"{'language':10}{'voice':8}{'clips':>6}" + "".join(f"{c.name:>16}" for c in conditions)
        )
        for language, voice in dict.fromkeys((clip.language, clip.voice) for clip in clips):
            mine = [clip for clip in clips if (clip.language, clip.voice) == (language, voice)]
            cells, lines = [], []
            for condition in conditions:
                result = Result()
                for clip in mine:
                    text = await self.written(clip, condition)
                    said, found = characters(clip.text), characters(text)
                    result.errors += errors(said, found)
                    result.characters += len(said)
                    result.invented += invented(clip, text, self._homes.get(language, ()))
                    lines.append(f"    {condition.name}: {clip.text}  ->  {text}")
                cells.append(f"{result.cell:>16}")
            print(f"{language:10}{voice:8}{len(mine):6}" + "".join(cells), flush=True)
            if show:
                print("\n".join(lines), flush=True)


def homes(file: Path | None) -> dict[str, tuple[str, ...]]:
    """Return the names of a home by language."""
    found = json.loads(file.read_text("utf-8")) if file else HOMES
    return {language: (*home["areas"], *home["names"]) for language, home in found.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--clips", type=Path, nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--homes", type=Path, metavar="FILE")
    parser.add_argument("--languages", nargs="*", default=[], metavar="CODE")
    every = [condition.name for condition in CONDITIONS]
    parser.add_argument("--conditions", nargs="*", default=every, choices=every)
    parser.add_argument("--prompt", help="measure the effect of this prompt, too")
    parser.add_argument("--texts", action="store_true", help="print the transcripts, too")
    asked = parser.parse_args(arguments)
    found = [clip for folder in asked.clips for clip in recorded(folder)] or list(synthesized())
    clips = [clip for clip in found if not asked.languages or clip.language in asked.languages]
    chosen = [
        condition
        for condition in CONDITIONS
        if condition.name in asked.conditions and (asked.prompt or not condition.prompt)
    ]

    async def run() -> None:
        bench = Bench(homes(asked.homes), asked.prompt or "")
        await bench.load()
        try:
            await bench.run(clips, chosen, asked.texts)
        finally:
            await bench.close()

    try:
        asyncio.run(run())
    except Unavailable as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
