"""Runs the asynchronous part of a command: signals, event log, and an end in bounded time."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from satellite.lib.bus import Bus
from satellite.lib.eventlog import recorded

_LOGGER = logging.getLogger(__name__)

STOP_LIMIT = 5.0
"""Seconds from a signal to a forced exit. A clean stop takes under 2; what takes longer hangs."""

LINGER = 1.0
"""Seconds for which threads may work on once a command has stopped: calls of engines that cannot be
interrupted, and whose results nothing waits for."""


def run(
    main: Callable[[Bus], Awaitable[None]],
    *,
    events: str | None = None,
    lasting: bool = False,
    patience: float = 0.0,
) -> None:
    """Run a command to its end, or until SIGINT or SIGTERM, which cancel it.

    A `lasting` command has no end of its own, so that a signal is its success, and the end of the
    process: what the interpreter would tidy up takes seconds on a busy machine. Any other exits
    with 128 plus the signal. A second signal exits at once; so does a command that has not stopped
    `STOP_LIMIT` seconds, and `patience` more, after the first, showing where it hangs. Threads that
    still work when a command has stopped are left after `LINGER` seconds.
    """
    stopper = Stopper(STOP_LIMIT + patience)

    async def supervised() -> None:
        bus = Bus()
        with stopper.watching():
            async with recorded(bus, events):
                await main(bus)

    with stopper.handling(), asyncio.Runner() as runner:
        try:
            runner.run(supervised())
        except asyncio.CancelledError:
            if stopper.received is None:
                raise
        if stopper.received is not None:
            stopper.leave_soon(0 if lasting else 128 + stopper.received)
    if stopper.received is not None:
        if lasting:
            _leave(0)
        sys.exit(128 + stopper.received)


class Stopper:
    """Turns the first signal into a cancellation and the second into an exit.

    The handlers are Python's and not the loop's, so that they work while the loop is blocked.
    """

    def __init__(self, limit: float = STOP_LIMIT) -> None:
        self._limit = limit
        self.received: int | None = None
        self._cancel: Callable[[], object] | None = None

    @contextmanager
    def handling(self) -> Iterator[None]:
        """Handle SIGINT and SIGTERM inside this block."""
        before = {number: signal.signal(number, self._handle) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Let the first signal cancel the running task inside this block."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        if self.received is not None:
            task.cancel()
        try:
            yield
        finally:
            self._cancel = None

    def leave_soon(self, code: int) -> None:
        """Exit with a code after `LINGER` seconds if threads, which the interpreter waits for, let
        this process not end by itself."""
        leaving = threading.Timer(LINGER, _leave_working, (code,))
        leaving.daemon = True
        leaving.start()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.received is not None:
            os._exit(128 + number)
        self.received = number
        if sys.__stderr__ is not None:
            # never disarmed: threads that the interpreter joins at its end may hang, too
            faulthandler.dump_traceback_later(self._limit, exit=True, file=sys.__stderr__)
        if self._cancel is not None:
            self._cancel()


def _leave_working(code: int) -> None:
    own = (threading.main_thread(), threading.current_thread())
    names = [thread.name for thread in threading.enumerate() if thread not in own]
    _LOGGER.info("stopped, without waiting for %s", ", ".join(names) or "the interpreter's end")
    _leave(code)


def _leave(code: int) -> NoReturn:
    """Exit without the interpreter's end."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError, ValueError):  # closed, or broken
                stream.flush()
    os._exit(code)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
