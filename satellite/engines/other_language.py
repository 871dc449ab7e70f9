"""A voice for every language: texts in a language that an engine has no voice for, by eSpeak."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

import msgspec

from satellite.errors import LanguageUnknown, SatelliteError
from satellite.lib.deadline import fallback_seconds
from satellite.ports import Tts
from satellite.turns.context import label
from satellite.values import AudioChunk, EngineInfo, SpeechRequest

_LOGGER = logging.getLogger(__name__)

STAND_IN_SECONDS = 2.0
"""Seconds that eSpeak may need beyond an engine's deadline: it loads in a tenth of one."""


class SpeaksAnyLanguage:
    """A text-to-speech engine, with another one for the languages that it has no voice for.

    Owns both: it loads the engine, loads the other one when it is first needed, and closes them.
    """

    def __init__(self, engine: Tts, stand_in: Callable[[], Awaitable[Tts]]) -> None:
        """`stand_in` creates the other engine."""
        self._engine = engine
        self._create = stand_in
        self._stand_in: Tts | None = None
        self._logged: set[str | None] = set()

    @property
    def label(self) -> str:
        return label(self._engine)

    @property
    def fallback_seconds(self) -> float:
        """Seconds that it may need beyond a deadline; see `satellite.lib.deadline`."""
        return max(fallback_seconds(self._engine), STAND_IN_SECONDS)

    async def load(self) -> None:
        await self._engine.load()

    def describe(self) -> EngineInfo:
        return self._engine.describe()

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        """Yield speech. Raises the errors of the engine, and `LanguageUnknown` if neither speaks
        the language."""
        begun = False
        try:
            async with aclosing(self._engine.synthesize(request)) as chunks:
                async for chunk in chunks:
                    begun = True
                    yield chunk
            return
        except LanguageUnknown as error:
            if begun:
                raise
            reason = error
        # a voice and a speaker are names of the engine
        otherwise = msgspec.structs.replace(request, voice=None, speaker=None)
        try:
            other = await self._other()
            self._log(request.language, other, reason)
            async with aclosing(other.synthesize(otherwise)) as chunks:
                async for chunk in chunks:
                    begun = True
                    yield chunk
        except SatelliteError as error:
            if begun:
                raise
            raise reason from error

    async def close(self) -> None:
        try:
            await self._engine.close()
        finally:
            if self._stand_in is not None:
                await self._stand_in.close()

    async def _other(self) -> Tts:
        if self._stand_in is None:
            engine = await self._create()
            await engine.load()
            self._stand_in = engine
        return self._stand_in

    def _log(self, language: str | None, other: Tts, reason: LanguageUnknown) -> None:
        if language not in self._logged and len(self._logged) < 10:
            self._logged.add(language)
            _LOGGER.warning("%s speaks instead: %s", label(other), reason)
