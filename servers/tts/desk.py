"""Threads that always do next what is due first."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from typing import Any, TypeVar

import msgspec

from satellite.errors import EngineClosed

T = TypeVar("T")


class _Job(msgspec.Struct, order=True, frozen=True):
    due: float
    number: int  # of two that are due at once, the one that was asked for first
    run: Callable[[], Any]
    answer: asyncio.Future[Any]


class Desk:
    """`threads` threads for calls that are short and have a time by which they should be done.

    Whoever cancels a call that waits takes it back; one that runs ends on its thread, unheard.
    It belongs to one event loop at a time.
    """

    def __init__(self, name: str, threads: int) -> None:
        self._name = name
        self._executor: ThreadPoolExecutor | None = ThreadPoolExecutor(
            threads, thread_name_prefix=name
        )
        self._free = threads
        self._waiting: list[_Job] = []
        self._number = count()

    @property
    def waiting(self) -> int:
        """Calls that wait for a thread."""
        return sum(not job.answer.done() for job in self._waiting)

    async def call(self, due: float, function: Callable[[], T]) -> T:
        """Run `function` on a thread; of those that wait, the one with the least `due` is next.

        `due` may be on any clock, the same for all. Raises `EngineClosed`.
        """
        self.check()
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, _Job(due, next(self._number), function, answer))
        self._start()
        return await answer

    def check(self) -> None:
        """Raise `EngineClosed` after `close`."""
        if self._executor is None:
            raise EngineClosed(f"{self._name} was closed")

    async def close(self) -> None:
        """Let the running calls end, refuse those that wait, and end the threads. Twice is once."""
        executor, self._executor = self._executor, None
        waiting, self._waiting = self._waiting, []
        for job in waiting:
            if not job.answer.done():
                job.answer.set_exception(EngineClosed(f"{self._name} was closed"))
        if executor is not None:
            await asyncio.to_thread(executor.shutdown, wait=True)

    def _start(self) -> None:
        while self._free and self._waiting and self._executor is not None:
            job = heapq.heappop(self._waiting)
            if job.answer.done():  # taken back
                continue
            self._free -= 1
            running = self._executor.submit(job.run)
            loop = job.answer.get_loop()
            running.add_done_callback(
                lambda done, job=job, loop=loop: self._hand_over(loop, job, done)  # type: ignore[misc]
            )

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
