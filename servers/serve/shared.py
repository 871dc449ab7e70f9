"""The engines of a server as parts of a turn: for browsers, in the same pools as by Wyoming."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from satellite.errors import EngineBusy
from satellite.turns.borrowed import BorrowedEngine
from satellite.values import (
    AudioChunk,
    Detection,
    DetectRequest,
    Extent,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)
from servers.pool import Pool


class SharedEngine(BorrowedEngine):
    """An engine of any role, each of whose requests takes a place in its pool."""

    def __init__(self, engine: Any, pool: Pool) -> None:
        super().__init__(engine)
        self._pool = pool

    def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        return self._pool.submit("transcribe", audio, request)

    def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        return self._pool.submit("reply", request)

    async def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        """Yield what the engine knows about a text; see `satellite.ports.JudgesTexts`.

        Requests that wait for an answer come first.
        """
        if not self.describe().judges or self._pool.queued:
            yield Extent.UNKNOWN
            return
        async with aclosing(self._pool.submit("judge", request)) as extents:
            async for extent in extents:
                yield extent

    async def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply ahead; see `satellite.ports.AnswersAhead`.

        Raises `EngineBusy` while other requests are worked on.
        """
        if self._pool.running or self._pool.queued:
            raise EngineBusy("others come before answers ahead")
        async with aclosing(self._pool.submit("ahead", request)) as parts:
            async for part in parts:
                yield part

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        return self._pool.submit("synthesize", request)

    def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        return self._pool.submit("detect", audio, request)
