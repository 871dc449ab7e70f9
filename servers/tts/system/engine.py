"""The engine `system`: text-to-speech with the voices of the operating system."""

from __future__ import annotations

import locale
from collections.abc import AsyncGenerator, Sequence
from difflib import get_close_matches
from typing import Annotated, ClassVar, Literal

from satellite.errors import EngineClosed, EngineFailed, LanguageUnknown, ModelMissing
from satellite.languages import codes
from satellite.languages.text_rules import text_rules
from satellite.lib.platform import system
from satellite.options import OptionSet, option
from satellite.ports import EngineContext, OpenCalls
from satellite.requirements import Package, Requirement
from satellite.text.quoted import quoted
from satellite.values import AudioChunk, AudioFormat, EngineInfo, ModelInfo, SpeechRequest
from servers.tts.espeak.engine import CHUNK_SECONDS, Espeak
from servers.tts.system.api import SystemApi, SystemVoice
from servers.tts.system.pyttsx3 import Pyttsx3
from servers.tts.system.say import Say, SayProgram
from servers.tts.text_splitter import split_text

NAME = "system"

_ESPEAK = "espeak"
_BY_PLATFORM = {"darwin": "say", "win32": "pyttsx3"}
"""By `system.name()`, how the voices of a system are reached; eSpeak NG speaks on others."""


class _OfSystem:
    """What the voices of this operating system need."""

    def __str__(self) -> str:
        return "voices of the operating system"

    def missing(self) -> str | None:
        return _requirement(_way("auto")).missing()


class SystemTts:
    """Speaks with the voices of macOS, Windows, or, on Linux, eSpeak NG."""

    class Options(OptionSet, frozen=True):
        """The voice and its speed."""

        voice: Annotated[
            str, option("Voice of requests that name none; that of the system's settings if empty")
        ] = ""
        rate: Annotated[int, option("Speed", unit="words/min", minimum=80, maximum=450)] = 165
        api: Annotated[
            Literal["auto", "say", "pyttsx3", "espeak"],
            option("Way to the voices: say on macOS, pyttsx3 (SAPI) on Windows, or espeak"),
        ] = "auto"
        timeout: Annotated[float, option("Longest time for a sentence", unit="s", minimum=1)] = 20.0

    argument: ClassVar[str] = "voice"
    license: ClassVar[str] = "eSpeak NG (on Linux): GPL-3.0-or-later"
    requires: ClassVar[tuple[Requirement, ...]] = (_OfSystem(),)

    def __init__(self, options: Options, context: EngineContext | None = None) -> None:
        self._options = options
        self._calls = OpenCalls(NAME)
        self._voices: tuple[SystemVoice, ...] = ()
        self._way = _way(options.api)
        self._espeak: Espeak | None = None
        self._api: SystemApi = Say(options.timeout)
        if self._way == _ESPEAK:
            usual = Espeak.Options()
            chosen = Espeak.Options(voice=options.voice or usual.voice, rate=options.rate)
            self._espeak = Espeak(chosen, context)
        elif self._way == "pyttsx3":
            self._api = Pyttsx3(options.timeout)
        self._closed = False

    async def load(self) -> None:
        """List the voices. Raises `EngineFailed`, `ModelMissing` for the configured voice."""
        if self._closed:
            raise EngineClosed("system was closed")
        if self._espeak is not None:
            await self._espeak.load()
            return
        if missing := _requirement(self._way).missing():
            raise EngineFailed(f"system: {missing}")
        self._voices = self._voices or await self._api.voices()
        if self._options.voice:
            _named(self._voices, self._options.voice)

    def describe(self) -> EngineInfo:
        """Describe the engine; its models are its voices."""
        models = (
            self._espeak.describe().models
            if self._espeak is not None
            else tuple(
                ModelInfo(name=voice.name, languages=voice.languages) for voice in self._voices
            )
        )
        return EngineInfo(
            name=NAME, description=f"Voices of the operating system, by {self._way}", models=models
        )

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        """Yield speech, piece by piece. Raises `EngineError`s."""
        if self._espeak is not None:
            return self._espeak.synthesize(request)
        return self._calls.run(self._speak(request))

    async def close(self) -> None:
        self._closed = True
        if self._espeak is not None:
            await self._espeak.close()
        await self._calls.close()

    async def _speak(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        if not any(map(str.isalnum, request.text)):
            return
        await self.load()
        voice = self._choose(request)
        form: AudioFormat | None = None
        for piece in split_text(_clean(request.text), rules=text_rules(request.language)):
            if not any(map(str.isalnum, piece)):
                continue
            found, audio = await self._api.speak(piece, voice, self._options.rate)
            if found != (form := form or found):
                raise EngineFailed(f"system: {self._way} changed its format to {found}")
            size = form.bytes_of(CHUNK_SECONDS)
            for start in range(0, len(audio), size):
                yield AudioChunk(audio=audio[start : start + size], format=form)

    def _choose(self, request: SpeechRequest) -> SystemVoice | None:
        """Return the voice that fits a request; None for that of the system's settings.

        Raises `ModelMissing`, `LanguageUnknown`.
        """
        if request.voice:
            return _named(self._voices, request.voice)
        own = _named(self._voices, self._options.voice) if self._options.voice else None
        wanted = request.language
        if not wanted or not wanted.strip() or (own and _speaks(own, wanted)):
            return own
        return _of_language(self._voices, wanted)


def _way(api: str) -> str:
    return _BY_PLATFORM.get(system.name(), _ESPEAK) if api == "auto" else api


def _requirement(way: str) -> Requirement:
    if way == "say":
        return SayProgram()
    return Package("pyttsx3", NAME) if way == "pyttsx3" else Package("espeakng_loader")


def _named(voices: Sequence[SystemVoice], name: str) -> SystemVoice:
    """Return a voice by its name, or its name's first words. Raises `ModelMissing`."""
    key = name.casefold().strip()
    for voice in voices:
        if key in (voice.name.casefold(), voice.identifier.casefold()):
            return voice
    for voice in voices:
        if key and voice.name.casefold().startswith(f"{key} "):
            return voice
    names = [voice.name for voice in voices]
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(names[:4])} and others"
    raise ModelMissing(f"system has no voice {quoted(name)} ({hint})")


def _of_language(voices: Sequence[SystemVoice], language: str) -> SystemVoice:
    """Return the best voice of a language, of its region if possible. Raises `LanguageUnknown`."""
    fitting = [voice for voice in voices if _speaks(voice, language)]
    if not fitting:
        raise LanguageUnknown(
            f"system has no voice of the language {quoted(language)}: add one in the settings of "
            "the operating system"
        )
    region = codes.plain(language)
    if "-" not in region:
        region = codes.plain(locale.normalize(region))  # that of most people: en_US, zh_CN
    return min(
        fitting,
        key=lambda voice: (voice.last, region not in map(codes.plain, voice.languages)),
    )


def _speaks(voice: SystemVoice, language: str) -> bool:
    return any(codes.same(language, code) for code in voice.languages)


def _clean(text: str) -> str:
    """Return a text without controls and halves of characters, which no program can take."""
    whole = text.encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() or c.isspace() else " " for c in whole)
