"""Text-to-speech without a model to download: eSpeak NG, from the wheel `espeakng-loader`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Annotated, ClassVar

from satellite.languages.text_rules import text_rules
from satellite.lib.worker import Worker
from satellite.options import OptionSet, option
from satellite.ports import EngineContext
from satellite.requirements import Package, Requirement
from satellite.values import AudioChunk, AudioFormat, EngineInfo, ModelInfo, SpeechRequest
from servers.espeak.library import EspeakLibrary, library
from servers.tts.normalization.normalizer import normalize
from servers.tts.text_splitter import LATER, split_text

CHUNK_SECONDS = 0.5
"""Seconds of sound in the largest chunk: a frame of 22 kB on the wire."""
NORMALIZED_AT_ONCE = 1000
"""Characters normalized at a time, so that a long text does not delay its first words."""


UNREADABLE = ("ja",)
"""Languages that eSpeak has a voice for and cannot read: it says "Chinese letter" for a kanji."""


class Espeak:
    """Speaks more than a hundred languages without delay: intelligible, but not natural."""

    class Options(OptionSet, frozen=True):
        """The voice and its parameters."""

        voice: Annotated[
            str, option("Language, optionally with + and a variant: en-us, de, en-gb+f3")
        ] = "en-us"
        rate: Annotated[int, option("Speed", unit="words/min", minimum=80, maximum=450)] = 160
        pitch: Annotated[int, option("Pitch", minimum=0, maximum=99)] = 50
        volume: Annotated[int, option("Volume", unit="%", minimum=0, maximum=200)] = 100

    argument: ClassVar[str] = "voice"
    license: ClassVar[str] = "eSpeak NG: GPL-3.0-or-later"
    requires: ClassVar[tuple[Requirement, ...]] = (Package("espeakng_loader"),)

    def __init__(self, options: Options, context: EngineContext | None = None) -> None:
        self._options = options
        self._worker = Worker("espeak", nice=context.nice if context else 0)
        self._library: EspeakLibrary | None = None

    async def load(self) -> None:
        """Load the library. Raises `PackageMissing`, `ModelMissing` for the configured voice."""
        source = await self._worker.call(library)
        source.voices.find(self._options.voice)
        self._library = source

    def describe(self) -> EngineInfo:
        """Describe the engine; its models are its voices, for the languages that it can read."""
        source = self._library
        return EngineInfo(
            name="espeak",
            description="eSpeak NG; a voice may be followed by + and a variant, such as en-us+f3",
            version=source.version if source else "",
            author="eSpeak NG developers",
            url="https://github.com/espeak-ng/espeak-ng",
            models=tuple(
                ModelInfo(name=voice.code, languages=voice.languages, description=voice.name)
                for voice in (source.voices.all if source else ())
                if voice.code not in UNREADABLE
            ),
        )

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        """Yield speech, piece by piece. Raises `ModelMissing` for an unknown voice."""
        source = await self._worker.call(library)
        options = self._options
        voice = source.voices.choose(
            options.voice, request.voice, request.language, request.speaker
        )
        form = AudioFormat(source.rate)
        size = form.bytes_of(CHUNK_SECONDS)

        def speak() -> Iterator[bytes]:
            for piece in _pieces(request.text, voice):
                yield source.speak(
                    piece, voice, rate=options.rate, pitch=options.pitch, volume=options.volume
                )

        async with aclosing(self._worker.iterate(speak)) as pieces:
            async for audio in pieces:
                for start in range(0, len(audio), size):
                    yield AudioChunk(audio=audio[start : start + size], format=form)

    async def close(self) -> None:
        await self._worker.close()


def _pieces(text: str, voice: str) -> Iterator[str]:
    """Yield the pieces to synthesize, normalized for the voice's language."""
    language = voice.rpartition("/")[2].partition("+")[0]
    rules, begun = text_rules(language), False
    for block in split_text(text, NORMALIZED_AT_ONCE, NORMALIZED_AT_ONCE, rules):
        spoken = normalize(block, language)
        limit = round(LATER * rules.characters_per_second) if begun else None
        yield from split_text(spoken, limit, limit, rules)
        begun = True
