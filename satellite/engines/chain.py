"""A chain of llm engines: each answers the requests that those before it declined."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from satellite.errors import (
    EngineBusy,
    EngineDown,
    EngineFailed,
    HomeAgentMissing,
    HomeDown,
    HomeRefused,
    HomeStarting,
    PeerUnreachable,
    SatelliteError,
    WireError,
)
from satellite.lib.deadline import fallback_seconds
from satellite.ports import AnswersAhead, JudgesTexts, Llm
from satellite.turns.context import label
from satellite.values import Declined, EngineInfo, Extent, ReplyPart, ReplyRequest

_LOGGER = logging.getLogger(__name__)

AWAY = (
    EngineBusy,
    EngineDown,
    HomeAgentMissing,
    HomeDown,
    HomeRefused,
    HomeStarting,
    PeerUnreachable,
)
"""Errors after which nothing has been done for certain, so that another engine may be asked."""


class FallbackChain:
    """Answers with the first engine that does not decline; the last one's refusal is final.

    An engine that cannot be reached is skipped; if no later one has an answer, its error is raised.
    The chain owns its engines: it loads and closes them.
    """

    def __init__(self, engines: Sequence[Llm]) -> None:
        self._engines = tuple(engines)

    @property
    def fallback_seconds(self) -> float:
        """Seconds that an engine may need beyond a deadline; see `satellite.lib.deadline`."""
        return max(map(fallback_seconds, self._engines), default=0.0)

    async def load(self) -> None:
        """Load the engines in order. Raises their errors; a `WireError` only at the end."""
        away: WireError | None = None
        for engine in self._engines:
            try:
                await engine.load()
            except WireError as error:
                away = away or error
        if away is not None:
            raise away

    def describe(self) -> EngineInfo:
        """Describe the last engine, which answers the remaining requests, with the home control of
        any of them."""
        infos = [engine.describe() for engine in self._engines]
        return msgspec.structs.replace(
            infos[-1],
            home_control=any(info.home_control for info in infos),
            judges=any(info.judges for info in infos),
            ahead=all(info.ahead for info in infos),
        )

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply of the first engine that has one. Raises the errors of that engine."""
        failure: SatelliteError | None = None
        for engine in self._engines:
            last = engine is self._engines[-1]
            async with aclosing(engine.reply(request)) as parts:
                try:
                    first = await anext(parts, None)
                except AWAY as error:
                    failure = failure or error
                    _LOGGER.warning("%s is skipped: %s", label(engine), error)
                    continue
                if isinstance(first, Declined) and not (last and failure is None):
                    continue
                if first is not None:
                    yield first
                async for part in parts:
                    yield part
                return
        if failure is not None:
            raise failure

    async def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        """Yield what the first engine knows that would answer the text; see `JudgesTexts`."""
        extent = Extent.UNKNOWN
        for engine in self._engines:
            if not isinstance(engine, JudgesTexts) or not engine.describe().judges:
                break  # it may answer any text
            async with aclosing(engine.judge(request)) as extents:
                extent = await anext(extents, Extent.UNKNOWN)
            if extent is not Extent.UNKNOWN:
                break
        yield extent

    async def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply ahead of the first engine that does not decline; see `AnswersAhead`."""
        for engine in self._engines:
            if not isinstance(engine, AnswersAhead):
                raise EngineFailed(f"{label(engine)} does not answer ahead")
            async with aclosing(engine.ahead(request)) as parts:
                async for part in parts:
                    if isinstance(part, Declined) and engine is not self._engines[-1]:
                        break
                    yield part
                else:
                    return

    async def close(self) -> None:
        """Close every engine, the last one first, even after an error of another."""
        failures = []
        for engine in reversed(self._engines):
            try:
                await engine.close()
            except Exception as error:
                failures.append(error)
        if failures:
            raise failures[0]
