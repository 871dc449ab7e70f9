"""The voices of this machine, as readers of texts in which no wake word is said."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

import msgspec

from satellite.audio.resample import Resampler
from satellite.components import spec
from satellite.components.auto import BUILT_IN, preference
from satellite.components.spec import AUTO
from satellite.engines import assembly
from satellite.errors import EngineFailed
from satellite.languages import codes
from satellite.languages.pack import ENGLISH
from satellite.ports import EngineContext
from satellite.values import SPEECH, SpeechRequest

MOST = 12
"""Voices that read: more of them repeat the text, and say nothing new of the wake word."""
MOST_SPEAKERS = 6
"""Speakers of one voice that read."""
ESPEAK_VARIANTS = ("", "+m3", "+f4", "+m7", "+klatt6")
"""Variants of eSpeak NG that differ in pitch and timbre."""
ENGLISH_VOICES = ("en-us", "en-gb")


class ReadingVoice:
    """One voice of an engine."""

    def __init__(
        self, engine: Any, component: str, version: str, voice: str, speaker: str | None = None
    ) -> None:
        self._engine = engine
        self._request = SpeechRequest(text="", voice=voice, speaker=speaker)
        name = component.partition("?")[0].partition(":")[0]
        self.name = " ".join(each for each in (name, voice, speaker) if each)
        """What people read: the engine, the voice and the speaker."""
        self.key = (component, version, voice, speaker or "")
        """What its speech depends on, besides the text."""

    async def speak(self, text: str) -> bytes:
        """Return speech, 16 kHz mono. Raises the errors of the engine."""
        request = msgspec.structs.replace(self._request, text=text)
        audio, resampler = bytearray(), None
        async with aclosing(self._engine.synthesize(request)) as chunks:
            async for chunk in chunks:
                if resampler is None:
                    resampler = Resampler(chunk.format, SPEECH)
                audio += resampler.convert(chunk.audio)
        return bytes(audio + resampler.flush()) if resampler is not None else b""


@asynccontextmanager
async def reading_voices(
    component: str, context: EngineContext
) -> AsyncGenerator[Sequence[ReadingVoice], None]:
    """Load text-to-speech engines, and return their voices of the language of the context: those of
    a component (for `auto`, or a server, of the best engine of this machine) and of eSpeak NG.

    Raises the errors of engines.
    """
    if component == AUTO or spec.is_uri(component):
        component = (await preference("tts", context)).component
    wanted = dict.fromkeys((component, BUILT_IN["tts"]))
    engines: list[Any] = []
    try:
        found: list[ReadingVoice] = []
        for name in wanted:
            engine = await assembly.create("tts", name, context)
            engines.append(engine)
            await engine.load()
            found += _of_engine(engine, name, context.language)
        if not found:
            raise EngineFailed(f"no voice of this machine speaks {context.language}: install one")
        yield found[:MOST]
    finally:
        for engine in engines:
            await engine.close()


def _of_engine(engine: Any, component: str, language: str) -> list[ReadingVoice]:
    """Return the voices of an engine that speak a language."""
    info = engine.describe()
    if component == BUILT_IN["tts"]:
        bases = ENGLISH_VOICES if codes.same(language, ENGLISH) else (language,)
        names = [bases[at % len(bases)] + each for at, each in enumerate(ESPEAK_VARIANTS)]
        return [ReadingVoice(engine, component, info.version, voice=each) for each in names]
    return [
        ReadingVoice(engine, component, model.version, model.name, speaker)
        for model in info.models
        if model.installed and any(codes.same(language, each) for each in model.languages)
        for speaker in model.speakers[:MOST_SPEAKERS] or (None,)
    ]
