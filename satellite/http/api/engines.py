"""The engines that programs may use, in a satellite or a server."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from typing import Protocol, TypeVar

import msgspec

from satellite.errors import EngineBusy
from satellite.languages.names import areas_for, names_for
from satellite.lib.deadline import fallback_seconds, within
from satellite.settings import Settings
from satellite.turns.actions import in_language
from satellite.turns.context import Engines, TurnContext, label
from satellite.values import (
    Action,
    AudioChunk,
    EngineInfo,
    ReplyPart,
    ReplyRequest,
    Resumed,
    Situation,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)

T = TypeVar("T")

AT_ONCE = 4
"""Requests of programs that one engine of a satellite works on at once, besides its turns."""


class EngineAccess(Protocol):
    """The engines, by role. `caller` is a client's address.

    The generators raise `SatelliteError`s: `EngineBusy` where too many requests wait.
    """

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that have an engine here."""

    def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest, caller: str
    ) -> AsyncGenerator[Transcript, None]: ...

    def reply(
        self, request: ReplyRequest, caller: str
    ) -> AsyncGenerator[ReplyPart | Resumed, None]: ...

    def synthesize(
        self, request: SpeechRequest, caller: str
    ) -> AsyncGenerator[AudioChunk, None]: ...

    def label(self, role: str) -> str:
        """Return the name of the engine that works for a role, or has just worked."""

    def describe(self, role: str) -> EngineInfo: ...

    def situation(self) -> Situation:
        """Describe what is around the language model."""

    def perform(self, action: Action) -> bool:
        """Execute an action of an answer; return whether this machine can."""

    @property
    def language(self) -> str:
        """The language of requests that name none."""


class SatelliteEngines:
    """The engines of a satellite's turns, with their fail-over and deadlines."""

    roles = ("asr", "llm", "tts")

    def __init__(self, settings: Settings, engines: Engines, context: TurnContext) -> None:
        self._settings = settings
        self._engines = engines
        self._context = context
        self._running: Counter[str] = Counter()

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest, caller: str
    ) -> AsyncGenerator[Transcript, None]:
        home = self._settings.home
        request = msgspec.structs.replace(
            request,
            names=request.names or names_for(home, self.language),
            terms=request.terms or areas_for(home, self.language),
        )
        asr, limit = self._engines.asr, self._settings.deadlines.asr
        with self._counted("asr"):
            limit += fallback_seconds(asr)
            results = within(asr.transcribe(audio, request), limit, "speech-to-text")
            async with aclosing(results):
                async for result in results:
                    yield result

    async def reply(
        self, request: ReplyRequest, caller: str
    ) -> AsyncGenerator[ReplyPart | Resumed, None]:
        llm, limit = self._engines.llm, self._settings.deadlines.llm
        with self._counted("llm"):
            limit += fallback_seconds(llm)
            parts = within(llm.reply(request), limit, "the language model")
            async with aclosing(parts):
                async for part in parts:
                    yield part

    async def synthesize(
        self, request: SpeechRequest, caller: str
    ) -> AsyncGenerator[AudioChunk, None]:
        if request.voice is None and self._settings.voice:
            request = msgspec.structs.replace(request, voice=self._settings.voice)
        tts, limit = self._engines.tts, self._settings.deadlines.tts
        with self._counted("tts"):
            limit += fallback_seconds(tts)
            chunks = within(tts.synthesize(request), limit, "text-to-speech")
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield chunk

    def label(self, role: str) -> str:
        return label(getattr(self._engines, role))

    def describe(self, role: str) -> EngineInfo:
        info: EngineInfo = getattr(self._engines, role).describe()
        return info

    def situation(self) -> Situation:
        return msgspec.structs.replace(
            self._context.situation(), persona=self._settings.persona or None
        )

    def perform(self, action: Action) -> bool:
        self._context.execute(in_language(action, self.language))
        return True

    @property
    def language(self) -> str:
        return self._settings.language

    @contextmanager
    def _counted(self, role: str) -> Iterator[None]:
        if self._running[role] >= AT_ONCE:
            raise EngineBusy(f"{AT_ONCE} requests of programs are running ({role}): try it later")
        self._running[role] += 1
        try:
            yield
        finally:
            self._running[role] -= 1
