"""Worker threads: where blocking model code runs, so that the event loop never does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from satellite.errors import EngineClosed
from satellite.lib.platform.processes import lower_priority

P = ParamSpec("P")
T = TypeVar("T")

_END = object()


class Worker:
    """One thread that runs calls one after another, in the order in which they were made.

    A call whose caller is cancelled still runs to its end on the thread; its result is dropped.
    """

    def __init__(self, name: str, *, nice: int = 0) -> None:
        """`nice`: see `lower_priority`. Leave it at 0 for code that holds Python's lock all the
        time: the event loop would wait for it while others have the cores."""
        self._name = name
        self._executor: ThreadPoolExecutor | None = ThreadPoolExecutor(
            1, thread_name_prefix=name, initializer=partial(lower_priority, nice)
        )

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function` on the thread and return its result. Raises `EngineClosed`."""
        executor = self._open()
        loop = asyncio.get_running_loop()

        def run() -> T:
            self._open()  # closed while this call waited: it is refused as a later one would be
            return function(*args, **kwargs)

        return await loop.run_in_executor(executor, run)

    async def iterate(self, make: Callable[[], Iterator[T]]) -> AsyncGenerator[T, None]:
        """Run a blocking generator on the thread, an item at a time, as the reader asks for them.

        Closing this generator closes the blocking one, on the thread.
        """
        items = iter(await self.call(make))
        try:
            while (item := await self.call(next, items, _END)) is not _END:
                yield item  # type: ignore[misc]  # the sentinel was just excluded
        finally:
            close = getattr(items, "close", None)
            if close is not None and self._executor is not None:
                self._executor.submit(close)

    async def close(self) -> None:
        """Let the running call end, refuse those that wait, and end the thread. Idempotent."""
        executor, self._executor = self._executor, None
        if executor is not None:
            await asyncio.to_thread(executor.shutdown, wait=True)

    def abandon(self) -> None:
        """Do the same without waiting for the running call. Idempotent."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False)

    def _open(self) -> ThreadPoolExecutor:
        if self._executor is None:
            raise EngineClosed(f"{self._name} was closed")
        return self._executor
