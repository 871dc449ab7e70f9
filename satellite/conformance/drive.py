"""Drivers: a call that is cancelled at a chosen await, and a heart that beats beside one."""

from __future__ import annotations

import asyncio
import time
import types
from collections.abc import Coroutine, Generator
from typing import Any

from satellite.conformance.check import Wrong, within

BEAT = 0.01
"""Seconds between two heartbeats."""
SETTLE = 1.0
"""Seconds that helpers of an ended call may take to end, such as a connection that closes."""


class Interrupted:
    """A coroutine that is cancelled when it waits for the `at`-th time (never where `at` is 0)."""

    def __init__(self, doing: Coroutine[Any, Any, Any], at: int = 0) -> None:
        self.waits = 0
        """How often it has waited."""
        self._doing = doing
        self._at = at

    async def run(self) -> Any:
        return await self._step()

    @types.coroutine
    def _step(self) -> Generator[Any, Any, Any]:
        outcome: Any = None
        failure: BaseException | None = None
        task = asyncio.current_task()
        while True:
            try:
                if failure is not None:
                    waited_for = self._doing.throw(failure)
                else:
                    waited_for = self._doing.send(outcome)
            except StopIteration as stop:
                return stop.value
            self.waits += 1
            if self.waits == self._at and task is not None:
                task.cancel()  # arrives at the very future it is about to wait for
            outcome, failure = None, None
            try:
                outcome = yield waited_for
            except BaseException as error:  # passed on to the coroutine, whatever it is
                failure = error


async def count_waits(doing: Coroutine[Any, Any, Any], seconds: float) -> int:
    """Run to the end and return how often it waited."""
    interrupted = Interrupted(doing)
    await within(seconds, interrupted.run(), "a call")
    return interrupted.waits


async def interrupt(doing: Coroutine[Any, Any, Any], at: int, seconds: float) -> bool:
    """Cancel at the `at`-th wait. Returns False when it ended before that.

    Raises `Wrong` when it does not end then, or ends with anything but `CancelledError`.
    """
    interrupted = Interrupted(doing, at)
    task = asyncio.create_task(interrupted.run())
    await asyncio.wait({task}, timeout=seconds)
    where = f"cancelled at its {at}. await, a call"
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1)
        raise Wrong(f"{where} did not end within {seconds:g} s")
    if task.cancelled():
        return True
    if error := task.exception():
        raise Wrong(f"{where} raised {type(error).__name__}: {error}") from error
    if interrupted.waits >= at:
        raise Wrong(f"{where} went on to its end")
    return False


async def settle(before: set[asyncio.Task[Any]], what: str) -> None:
    """Wait until no more tasks run than `before`. Raises `Wrong` when some stay."""
    deadline = time.monotonic() + SETTLE
    while len(left := {t for t in asyncio.all_tasks() if not t.done()} - before) > 0:
        if time.monotonic() > deadline:
            raise Wrong(f"{what} left tasks behind: {sorted(map(_coroutine, left))}")
        await asyncio.sleep(BEAT)


async def longest_gap(doing: Coroutine[Any, Any, Any], seconds: float) -> float:
    """Run to the end and return for how long, at most, nothing else ran on the event loop."""
    gaps = [0.0]

    async def beat() -> None:
        while True:
            begun = time.monotonic()
            await asyncio.sleep(BEAT)
            gaps.append(time.monotonic() - begun - BEAT)

    heart = asyncio.create_task(beat())
    try:
        await asyncio.sleep(0)
        await within(seconds, doing, "a call")
        await asyncio.sleep(2 * BEAT)
    finally:
        heart.cancel()
        await asyncio.wait({heart})
    return max(gaps)


def _coroutine(task: asyncio.Task[Any]) -> str:
    return getattr(task.get_coro(), "__qualname__", repr(task))
