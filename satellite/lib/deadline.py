"""Deadlines for the stages of a turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol, TypeVar, runtime_checkable

from satellite.errors import EngineTimeout

T = TypeVar("T")


@runtime_checkable
class HasFallback(Protocol):
    """An engine that asks another one when its servers have used up the deadline of a stage."""

    @property
    def fallback_seconds(self) -> float:
        """Seconds for the other one, beyond the deadline."""


def fallback_seconds(engine: object) -> float:
    """Return the seconds beyond a stage's deadline that an engine's fallback may need."""
    return engine.fallback_seconds if isinstance(engine, HasFallback) else 0.0


async def within(
    items: AsyncGenerator[T, None], seconds: float, who: str, setting: str = ""
) -> AsyncGenerator[T, None]:
    """Yield items, each of which must arrive within `seconds`.

    Raises `EngineTimeout`, with `who` in its message, and the setting that allows more.
    """
    async with aclosing(items):
        while True:
            try:
                async with asyncio.timeout(seconds):
                    item = await anext(items)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise too_slow(who, seconds, setting) from None
            yield item


def too_slow(who: str, seconds: float, setting: str = "") -> EngineTimeout:
    """Return the error for a missed deadline."""
    remedy = f": take a smaller model or a faster machine, or raise {setting}" if setting else ""
    return EngineTimeout(f"{who} did not answer within {seconds:g} s{remedy}")
