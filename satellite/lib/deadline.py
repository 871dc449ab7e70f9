"""Deadlines: no stage of a turn keeps the others waiting for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

from satellite.errors import EngineTimeout

T = TypeVar("T")


async def within(
    items: AsyncGenerator[T, None], seconds: float, who: str
) -> AsyncGenerator[T, None]:
    """Pass items on, each of which must come within `seconds` of being asked for.

    Raises `EngineTimeout`, naming `who`.
    """
    async with aclosing(items):
        while True:
            try:
                async with asyncio.timeout(seconds):
                    item = await anext(items)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise too_slow(who, seconds) from None
            yield item


def too_slow(who: str, seconds: float) -> EngineTimeout:
    """The error for a deadline that has passed."""
    return EngineTimeout(f"{who} did not answer within {seconds:g} s")
