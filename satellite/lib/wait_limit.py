"""A limit for one short wait after another."""

from __future__ import annotations

import asyncio
from types import TracebackType

STOOD_STILL = 0.1
"""Seconds that a timer may be late; a loop that is later did not run, as when this program was
stopped or the machine had no memory, and what is waited for may have come without being seen."""


class WaitLimit:
    """What `asyncio.timeout` does, with one timer for many waits: who waits for each few
    milliseconds of sound would spend more on timers than on the sound. And it counts the time in
    which this program ran: who stood still himself begins to wait anew, once.

    For one task at a time.
    """

    def __init__(self, seconds: float | None) -> None:
        """None for one that ends waits only where it is told to."""
        self._seconds = seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None
        """Who waits."""
        self._timer: asyncio.TimerHandle | None = None
        self._since = 0.0
        self._cancelling = 0
        self._over = False
        self._anew = False
        """This wait has begun anew."""

    def __enter__(self) -> None:
        """Begin to wait; the block must not be left otherwise than by its end or an error."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(self._loop)
        assert self._task is not None
        self._cancelling = self._task.cancelling()
        self._since = self._loop.time()
        self._anew = False
        if self._timer is None and self._seconds is not None:
            self._timer = self._loop.call_at(self._since + self._seconds, self._look)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Raises `TimeoutError` where the wait took too long."""
        task, self._task = self._task, None
        over, self._over = self._over, False
        if over and task is not None:
            ours = task.uncancel() <= self._cancelling
            if ours and isinstance(error, asyncio.CancelledError):
                raise TimeoutError from error

    def end(self) -> None:
        """Let go of the timer, until the next wait."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._loop = None

    def interrupt(self) -> None:
        """End the wait that goes on, if one does, as if it had taken too long."""
        if self._task is not None and not self._over:
            self._over = True
            self._task.cancel()

    def _look(self) -> None:
        timer, self._timer = self._timer, None
        if self._task is None or self._loop is None or timer is None or self._seconds is None:
            return
        now = self._loop.time()
        if now - timer.when() > STOOD_STILL and not self._anew:
            self._since, self._anew = now, True
        due = self._since + self._seconds
        if due > now:
            self._timer = self._loop.call_at(due, self._look)
        else:
            self.interrupt()
