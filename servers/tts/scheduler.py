"""A scheduler of speech synthesis that serves the most urgent request next."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Any, TypeVar

import msgspec

from satellite.errors import EngineClosed
from satellite.lib.platform.cores import cores
from satellite.lib.platform.processes import lower_priority
from satellite.ports import PieceOfWork, SharedProcessors
from servers.caller import CALLER
from servers.processor_shares import LOOK, ProcessorShares

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
    piece: PieceOfWork


class Scheduler:
    """Runs calls, each of which synthesizes a piece of speech, on `threads` threads.

    The next call is the one whose listener runs out of sound first. If all started listeners are
    well ahead, it is one for a new listener, in order of arrival. Cancelling a waiting call removes
    it; a running call is finished and its result dropped. A call of an address that has had its
    share of the processors is passed over. Use from one event loop at a time.
    """

    def __init__(
        self,
        name: str,
        threads: int,
        nice: int = 0,
        processors: SharedProcessors | None = None,
    ) -> None:
        """`nice`: see `satellite.lib.platform.processes.lower_priority`; `processors` are shared
        with other engines, by default with none."""
        self._name = name
        self._processors = processors or ProcessorShares(cores())
        self._next_look: asyncio.TimerHandle | None = None
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
        piece = self._processors.piece(CALLER.get().address)
        job = _Job(due, next(self._number), function, answer, piece)
        queue.append(job)
        self._start()
        try:
            return await answer
        finally:
            if job in queue:  # cancelled
                queue.remove(job)
                piece.end()

    def check(self) -> None:
        """Raise `EngineClosed` after `close`."""
        if self._executor is None:
            raise EngineClosed(f"{self._name} was closed")

    async def close(self) -> None:
        """Finish running calls, refuse waiting ones, and end the threads. Idempotent."""
        executor, self._executor = self._executor, None
        waiting = [*self._going_on, *self._beginning]
        self._going_on, self._beginning = [], []
        if self._next_look is not None:
            self._next_look.cancel()
        for job in waiting:
            job.piece.end()
            if not job.answer.done():
                job.answer.set_exception(EngineClosed(f"{self._name} was closed"))
        if executor is not None:
            await asyncio.to_thread(executor.shutdown, wait=True)

    def _start(self) -> None:
        while self._free and self._executor is not None and (job := self._next()) is not None:
            self._free -= 1
            job.piece.begin()
            running = self._executor.submit(self._timed, job)
            loop = job.answer.get_loop()
            running.add_done_callback(
                lambda done, job=job, loop=loop: self._hand_over(loop, job, done)  # type: ignore[misc]
            )
        if self._free and self._executor is not None and self._next_look is None and self.waiting:
            self._next_look = asyncio.get_running_loop().call_later(LOOK, self._look)

    def _look(self) -> None:
        self._next_look = None
        self._start()

    def _next(self) -> _Job | None:
        """Take the next call; None if there is none that may begin."""
        going_on, beginning = (
            [job for job in queue if not job.answer.done() and job.piece.may_begin()]
            for queue in (self._going_on, self._beginning)
        )
        if not beginning and not going_on:
            return None
        job = min(beginning or going_on)
        if beginning and going_on:
            turn = (1 + len(going_on)) * self._took / self._threads
            safe = min(time.monotonic() + MARGIN * turn, job.due)
            job = min(going_on) if min(going_on).due < safe else job
        (self._going_on if job in self._going_on else self._beginning).remove(job)
        return job

    def _timed(self, job: _Job) -> Any:  # on the thread
        began = time.monotonic()
        try:
            return job.run()
        finally:
            job.piece.end()
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
