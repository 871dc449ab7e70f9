"""A scheduler of speech synthesis that serves the most urgent request next."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Any, TypeVar

import msgspec

from satellite.errors import EngineClosed
from satellite.lib.platform.processes import lower_priority

T = TypeVar("T")


MARGIN = 2.0
"""Lead that every started request needs before a new one may start, as a multiple of the time of
one turn of all of them. A higher value makes new requests wait; a lower one makes all stutter."""
_WEIGHT = 0.3
"""Weight of the last call's time against that of all earlier calls."""
PATIENCE = 5.0
"""Seconds after which a request starts in any case: half the time that a satellite waits for
sound."""


class _Job(msgspec.Struct, order=True, frozen=True):
    due: float
    number: int  # orders jobs with the same due time by their arrival
    run: Callable[[], Any]
    answer: asyncio.Future[Any]


class Scheduler:
    """Runs calls, each of which synthesizes a piece of speech, on `threads` threads.

    The next call is the one whose listener runs out of sound first. If all started listeners are
    well ahead, it is one for a new listener, in order of arrival. Cancelling a waiting call removes
    it; a running call is finished and its result dropped. Use from one event loop at a time.
    """

    def __init__(self, name: str, threads: int, nice: int = 0) -> None:
        """`nice`: see `satellite.lib.platform.processes.lower_priority`."""
        self._name = name
        self._executor: ThreadPoolExecutor | None = ThreadPoolExecutor(
            threads, thread_name_prefix=name, initializer=partial(lower_priority, nice)
        )
        self._threads = self._free = threads
        self._took = 0.0
        self._going_on: list[_Job] = []
        self._beginning: list[_Job] = []
        self._number = count()

    @property
    def waiting(self) -> int:
        """Calls that wait for a thread."""
        return sum(not job.answer.done() for job in (*self._going_on, *self._beginning))

    async def call(self, dry: float | None, function: Callable[[], T]) -> T:
        """Run `function` on a thread.

        `dry` is the time on the monotonic clock at which the listener runs out of sound; None for a
        listener who has not received any sound yet. Raises `EngineClosed`.
        """
        self.check()
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        due = time.monotonic() + PATIENCE if dry is None else dry
        queue = self._beginning if dry is None else self._going_on
        heapq.heappush(queue, _Job(due, next(self._number), function, answer))
        self._start()
        return await answer

    def check(self) -> None:
        """Raise `EngineClosed` after `close`."""
        if self._executor is None:
            raise EngineClosed(f"{self._name} was closed")

    async def close(self) -> None:
        """Finish running calls, refuse waiting ones, and end the threads. Idempotent."""
        executor, self._executor = self._executor, None
        waiting = [*self._going_on, *self._beginning]
        self._going_on, self._beginning = [], []
        for job in waiting:
            if not job.answer.done():
                job.answer.set_exception(EngineClosed(f"{self._name} was closed"))
        if executor is not None:
            await asyncio.to_thread(executor.shutdown, wait=True)

    def _start(self) -> None:
        while self._free and self._executor is not None and (job := self._next()) is not None:
            self._free -= 1
            running = self._executor.submit(self._timed, job.run)
            loop = job.answer.get_loop()
            running.add_done_callback(
                lambda done, job=job, loop=loop: self._hand_over(loop, job, done)  # type: ignore[misc]
            )

    def _next(self) -> _Job | None:
        for queue in (self._going_on, self._beginning):
            while queue and queue[0].answer.done():  # cancelled
                heapq.heappop(queue)
        if not self._beginning:
            return heapq.heappop(self._going_on) if self._going_on else None
        turn = (1 + len(self._going_on)) * self._took / self._threads
        safe = min(time.monotonic() + MARGIN * turn, self._beginning[0].due)
        if self._going_on and self._going_on[0].due < safe:
            return heapq.heappop(self._going_on)
        return heapq.heappop(self._beginning)

    def _timed(self, run: Callable[[], T]) -> T:  # on the thread
        began = time.monotonic()
        try:
            return run()
        finally:
            self._took += _WEIGHT * (time.monotonic() - began - self._took)

    def _hand_over(
        self, loop: asyncio.AbstractEventLoop, job: _Job, done: Future[Any]
    ) -> None:  # on the thread
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._finish, job, done)

    def _finish(self, job: _Job, done: Future[Any]) -> None:
        self._free += 1
        self._start()
        if job.answer.done():
            done.exception()
        elif (error := done.exception()) is not None:
            job.answer.set_exception(error)
        else:
            job.answer.set_result(done.result())
