"""Items that are made aside, by a task of their own, which is cancelled once at most."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

AHEAD = 1
"""Items that may wait for their reader."""
CLOSING = 3.0
"""Seconds for the making to end before its reader goes on without it: it hangs up a socket."""


class _Item(msgspec.Struct, Generic[T], frozen=True):
    value: T


class _End(msgspec.Struct, frozen=True):
    error: Exception | None = None


async def aside(
    items: AsyncGenerator[T, None], owner: set[asyncio.Task[None]], safe: asyncio.Event
) -> AsyncGenerator[T, None]:
    """Yield the items; closing this generator ends their making, once `safe` says that it can.

    HTTP libraries lose a connection that is being made when they are cancelled, or whose closing is
    cancelled; and a reader may be cancelled twice: by a client that hung up, and by the end of what
    it was a part of. `owner` holds the tasks until they are done, perhaps a moment later.
    """
    ready: asyncio.Queue[_Item[T] | _End] = asyncio.Queue(AHEAD)
    task = _owned(_make(items, ready), owner)
    task.add_done_callback(lambda _: safe.set())
    try:
        while isinstance(item := await ready.get(), _Item):
            yield item.value
        if item.error is not None:
            raise item.error
    finally:
        ending = _owned(_end(task, safe), owner)
        await asyncio.wait([ending], timeout=CLOSING)


def _owned(work: Coroutine[Any, Any, None], owner: set[asyncio.Task[None]]) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(work)
    owner.add(task)
    task.add_done_callback(owner.discard)
    return task


async def _end(task: asyncio.Task[None], safe: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSING):
            await safe.wait()
    task.cancel()
    await asyncio.wait([task], timeout=CLOSING)


async def _make(items: AsyncGenerator[T, None], ready: asyncio.Queue[_Item[T] | _End]) -> None:
    try:
        async with aclosing(items):
            async for item in items:
                await ready.put(_Item(item))
    except Exception as error:
        end = _End(error)  # the reader's to deal with
    else:
        end = _End()
    await ready.put(end)
