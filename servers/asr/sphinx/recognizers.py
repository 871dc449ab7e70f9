"""The recognizers in use and idle, and the memory that they take together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, ParamSpec, TypeVar

from satellite.errors import EngineClosed
from satellite.lib.platform.memory import give_back
from satellite.lib.worker import Worker
from satellite.ports import SharedProcessors
from servers.asr.batches import Batches
from servers.asr.sphinx.recognizer import Recognizer
from servers.asr.sphinx.vocabulary import HomeNames, Vocabulary

P = ParamSpec("P")
T = TypeVar("T")

Thread = Batches[Callable[[], Any], Any]
"""A thread that works on one call at a time, clients' addresses by their shares."""

CONCURRENT = 4
"""Utterances decoded at the same time. Another one waits, within its caller's deadline."""
IDLE_SECONDS = 60.0
"""Seconds for which idle recognizers stay loaded: a question is often followed by another. Loading
one takes about 0.1 s, when the utterance begins and not when it ends."""
NEW = 1
"""Utterances of new homes decoded at the same time, so that others have the rest."""
MOST_BYTES = 256_000_000
"""Estimated bytes of all recognizers: four of a large home (`servers.serve.asr.NAMES`). A single
one always has room."""
_BASE = 25_000_000
_PER_NETWORK_BYTE = 60
"""Bytes that a recognizer takes, and for each byte of its network: 44 MB in all with 316 kB, 84 MB
with 1,019 kB, as measured."""


def estimated_size(vocabulary: Vocabulary) -> int:
    """Return about how many bytes a recognizer of a vocabulary takes."""
    return _BASE + _PER_NETWORK_BYTE * len(vocabulary.network)


class Lent:
    """A recognizer, and the thread that it is used on."""

    def __init__(
        self,
        home: HomeNames,
        recognizer: Recognizer,
        thread: Thread,
        size: int,
    ) -> None:
        self.home = home
        self.recognizer = recognizer
        self.thread = thread
        self.size = size
        """Estimated bytes."""

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a method of the recognizer on its thread, once the caller's address has its share of
        the processors."""
        found: T = await self.thread.run(partial(function, *args, **kwargs))
        return found


class Recognizers:
    """Lends recognizers to utterances, and holds idle ones for the next utterance of a home.

    Homes that have sent only one request share one place, and a thread of their own, so that others
    wait neither for a place nor for the loading of their recognizers.
    """

    def __init__(
        self,
        load: Callable[[Vocabulary], Recognizer],
        returning: Callable[[HomeNames], bool],
        processors: SharedProcessors | None = None,
    ) -> None:
        """`load` loads a recognizer and blocks; `returning` returns whether a home has sent several
        requests; `processors` are shared with other engines, by default with none."""
        self._load = load
        self._returning = returning
        self._worker, self._worker_of_new = Worker("pocketsphinx"), Worker("pocketsphinx-new")
        self._thread, self._thread_of_new = (
            Thread(worker, _in_turn, 1, processors)
            for worker in (self._worker, self._worker_of_new)
        )
        self._idle: list[Lent] = []
        self._used = 0
        """Estimated bytes of all recognizers."""
        self._in_use = 0
        self._new_in_use = 0
        self._closed = False
        self._waiters: list[asyncio.Future[None]] = []
        self._unload_timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def lent(self, home: HomeNames, vocabulary: Vocabulary) -> AsyncGenerator[Lent, None]:
        """Lend a recognizer of a home during this block: an idle one, or a new one.

        Waits while too many utterances are decoded, or take too much memory. Raises `EngineClosed`
        and what loading raises.
        """
        new, size = not self._returning(home), estimated_size(vocabulary)
        while not (self._closed or self._has_room(home, size, new)):
            await self._wait()
        if self._closed:
            raise EngineClosed("pocketsphinx was closed")
        self._in_use += 1
        self._new_in_use += new
        try:
            lent = self._take_idle(home, new) or await self._loaded(home, vocabulary, size, new)
            try:
                yield lent
            finally:
                # a cancelled call may still run on the thread; the next call waits for it
                self._put_back(lent)
        finally:
            self._in_use -= 1
            self._new_in_use -= new
            self._wake()

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function on the thread of the recognizers. Raises `EngineClosed`."""
        return await self._worker.call(function, *args, **kwargs)

    async def close(self) -> None:
        """Free the idle recognizers now, and the others when they are put back. Idempotent."""
        self._closed = True
        self._unload()
        self._wake()
        await self._worker.close()
        await self._worker_of_new.close()

    async def _loaded(self, home: HomeNames, vocabulary: Vocabulary, size: int, new: bool) -> Lent:
        thread = self._thread_of_new if new else self._thread
        self._used += size
        try:
            recognizer = await thread.run(partial(self._load, vocabulary))
        except BaseException:
            self._used -= size
            raise
        return Lent(home, recognizer, thread, size)

    def _has_room(self, home: HomeNames, size: int, new: bool) -> bool:
        """Return whether an utterance may begin; free idle recognizers for it."""
        if self._in_use >= CONCURRENT or (new and self._new_in_use >= NEW):
            return False
        if any(idle.home == home for idle in self._idle):
            return True
        for idle in sorted(self._idle, key=lambda idle: self._returning(idle.home)):
            if self._used + size <= MOST_BYTES:
                break
            self._drop(idle)
        return self._used + size <= MOST_BYTES or not self._used

    def _take_idle(self, home: HomeNames, new: bool) -> Lent | None:
        for idle in reversed(self._idle):
            if idle.home != home:
                continue
            if new or idle.thread is self._thread:
                self._idle.remove(idle)
                return idle
            self._drop(idle)  # loaded when the home was new: it moves to the thread of the others
            break
        return None

    def _put_back(self, lent: Lent) -> None:
        self._idle.append(lent)
        new = [idle for idle in self._idle if not self._returning(idle.home)]
        for idle in new[:-1]:  # one is enough until its home returns
            self._drop(idle)
        while len(self._idle) > CONCURRENT:
            self._drop(self._idle[0])
        self._unload() if self._closed else self._restart_timer()

    def _drop(self, idle: Lent) -> None:
        self._idle.remove(idle)
        self._used -= idle.size

    def _restart_timer(self) -> None:
        if self._unload_timer is not None:
            self._unload_timer.cancel()
        self._unload_timer = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._unload)

    def _unload(self) -> None:
        """Free the idle recognizers. Takes milliseconds."""
        if self._unload_timer is not None:
            self._unload_timer.cancel()
            self._unload_timer = None
        if self._idle:
            self._used -= sum(idle.size for idle in self._idle)
            self._idle.clear()
            give_back()

    async def _wait(self) -> None:
        """Wait until a recognizer is put back."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            self._waiters.remove(waiter)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)


def _in_turn(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    return [call() for call in calls]
