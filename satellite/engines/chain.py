"""Several brains as one: each is asked what those before it declined."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from satellite.errors import (
    EngineBusy,
    EngineDown,
    HomeAgentMissing,
    HomeDown,
    HomeRefused,
    HomeStarting,
    PeerUnreachable,
    SatelliteError,
    WireError,
)
from satellite.ports import Llm
from satellite.turns.context import label
from satellite.values import Declined, EngineInfo, ReplyPart, ReplyRequest

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
"""Failures of which it is certain that nothing was done: another one may be asked."""


class FallbackChain:
    """The first of several brains that does not decline answers; the last one's word counts.

    A brain that cannot be reached is passed over; where nobody after it has an answer, its failure
    is what a person has to know. It owns its brains: it loads and closes them.
    """

    def __init__(self, brains: Sequence[Llm]) -> None:
        self._brains = tuple(brains)

    async def load(self) -> None:
        """Load them one after another. Raises what they raise, a `WireError` only after all."""
        away: WireError | None = None
        for brain in self._brains:
            try:
                await brain.load()
            except WireError as error:
                away = away or error
        if away is not None:
            raise away

    def describe(self) -> EngineInfo:
        """Say what the last of them is, which answers whatever the others do not; each of them may
        have what controls a home."""
        told = [brain.describe() for brain in self._brains]
        return msgspec.structs.replace(
            told[-1], home_control=any(info.home_control for info in told)
        )

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply of the first that has one; raises what that one raises."""
        failure: SatelliteError | None = None
        for brain in self._brains:
            last = brain is self._brains[-1]
            async with aclosing(brain.reply(request)) as parts:
                try:
                    first = await anext(parts, None)
                except AWAY as error:
                    failure = failure or error
                    _LOGGER.warning("%s is passed over: %s", label(brain), error)
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

    async def close(self) -> None:
        """Close all of them, the last one first, whatever the others raise."""
        failures = []
        for brain in reversed(self._brains):
            try:
                await brain.close()
            except Exception as error:
                failures.append(error)
        if failures:
            raise failures[0]
