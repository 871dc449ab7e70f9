"""Engines that a conversation uses and another part of the program loads and closes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from satellite.errors import EngineFailed
from satellite.lib.deadline import fallback_seconds
from satellite.ports import AnswersAhead, JudgesTexts, Llm, Tts
from satellite.turns.context import label
from satellite.values import (
    AudioChunk,
    EngineInfo,
    Extent,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
)


class BorrowedEngine:
    """The part that is the same for every role; subclasses pass requests on."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    @property
    def label(self) -> str:
        """The name of the engine that works."""
        return label(self._engine)

    @property
    def fallback_seconds(self) -> float:
        """See `satellite.lib.deadline`."""
        return fallback_seconds(self._engine)

    async def load(self) -> None:
        """Do nothing: its owner loads it."""

    def describe(self) -> EngineInfo:
        info: EngineInfo = self._engine.describe()
        return info

    async def close(self) -> None:
        """Do nothing: its owner closes it."""


class BorrowedLlm(BorrowedEngine):
    """A language model; subclasses may change requests in `_adapted`."""

    _engine: Llm

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        async with aclosing(self._engine.reply(self._adapted(request))) as parts:
            async for part in parts:
                yield part

    async def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        """Yield what the engine knows about a text; see `satellite.ports.JudgesTexts`."""
        if not isinstance(self._engine, JudgesTexts):
            yield Extent.UNKNOWN
            return
        async with aclosing(self._engine.judge(self._adapted(request))) as extents:
            async for extent in extents:
                yield extent

    async def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply ahead; see `satellite.ports.AnswersAhead`."""
        if not isinstance(self._engine, AnswersAhead):
            raise EngineFailed(f"{self.label} does not answer ahead")
        async with aclosing(self._engine.ahead(self._adapted(request))) as parts:
            async for part in parts:
                yield part

    def _adapted(self, request: ReplyRequest) -> ReplyRequest:
        return request


class BorrowedTts(BorrowedEngine):
    """A voice, or none."""

    _engine: Tts | None

    @property
    def label(self) -> str:
        """The name of the engine that speaks."""
        return super().label if self._engine is not None else "no voice"

    def describe(self) -> EngineInfo:
        if self._engine is not None:
            return super().describe()
        return EngineInfo(name="no voice", description="Answers on the screen alone")

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        """Yield speech; nothing where there is no voice."""
        if self._engine is None:
            return
        async with aclosing(self._engine.synthesize(request)) as chunks:
            async for chunk in chunks:
                yield chunk
