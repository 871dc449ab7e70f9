"""The engines of a server as parts of a turn: for browsers, in the same pools as by Wyoming."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from satellite.lib.deadline import fallback_seconds
from satellite.turns.context import label
from satellite.values import (
    AudioChunk,
    Detection,
    DetectRequest,
    EngineInfo,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)
from servers.pool import Pool


class SharedEngine:
    """An engine of any role, each of whose requests takes a place in its pool."""

    def __init__(self, engine: Any, pool: Pool) -> None:
        self._engine = engine
        self._pool = pool

    @property
    def label(self) -> str:
        """The engine's own label."""
        return label(self._engine)

    @property
    def fallback_seconds(self) -> float:
        """See `satellite.lib.deadline`."""
        return fallback_seconds(self._engine)

    async def load(self) -> None:
        """Do nothing: the server has loaded it."""

    def describe(self) -> EngineInfo:
        info: EngineInfo = self._engine.describe()
        return info

    def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        return self._pool.submit("transcribe", audio, request)

    def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        return self._pool.submit("reply", request)

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        return self._pool.submit("synthesize", request)

    def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        return self._pool.submit("detect", audio, request)

    async def close(self) -> None:
        """Do nothing: the server closes it."""
