"""A limit for one short wait after another."""

from __future__ import annotations

import asyncio
from types import TracebackType

STOOD_STILL = 0.1
"""Seconds that a timer may be late; a loop that is later did not run, as when this program was
stopped or the machine had no memory, and what is waited for may have come without being seen."""


class WaitLimit:
    """Like `asyncio.timeout`, with one timer for many waits: for waits of a few milliseconds of
    sound, timers would cost more than the sound. It counts only time in which this program ran: a
    wait during which the program stood still starts again, once.

    For one task at a time.
    """

    def __init__(self, seconds: float | None) -> None:
        """`seconds` of None ends a wait only by `interrupt`."""
        self._seconds = seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None
        """The waiting task."""
        self._timer: asyncio.TimerHandle | None = None
        self._since = 0.0
        self._cancelling = 0
        self._over = False
        self._restarted = False
        """This wait has started again."""

    def __enter__(self) -> None:
        """Start a wait, which ends with the block."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(self._loop)
        assert self._task is not None
        self._cancelling = self._task.cancelling()
        self._since = self._loop.time()
        self._restarted = False
        if self._timer is None and self._seconds is not None:
            self._timer = self._loop.call_at(self._since + self._seconds, self._look)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Raise `TimeoutError` if the wait took too long."""
        task, self._task = self._task, None
        over, self._over = self._over, False
        if over and task is not None:
            ours = task.uncancel() <= self._cancelling
            if ours and isinstance(error, asyncio.CancelledError):
                raise TimeoutError from error

    def end(self) -> None:
        """Cancel the timer until the next wait."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._loop = None

    def interrupt(self) -> None:
        """End the current wait, if any, as if it had taken too long."""
        if self._task is not None and not self._over:
            self._over = True
            self._task.cancel()

    def _look(self) -> None:
        timer, self._timer = self._timer, None
        if self._task is None or self._loop is None or timer is None or self._seconds is None:
            return
        now = self._loop.time()
        if now - timer.when() > STOOD_STILL and not self._restarted:
            self._since, self._restarted = now, True
        due = self._since + self._seconds
        if due > now:
            self._timer = self._loop.call_at(due, self._look)
        else:
            self.interrupt()
