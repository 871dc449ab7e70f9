"""What waits for the model, and how much of it is done at once."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any

from satellite.errors import EngineClosed, EngineFailed, SatelliteError
from servers.asr.malloc import give_back
from servers.asr.whisper.model import Decoded, Encoded, Model, Search

_LOGGER = logging.getLogger(__name__)

TOGETHER = 8
"""Most texts decoded in one batch: a step for eight takes about as long as one for three."""
ENOUGH = 2
"""Texts that are decoded without waiting for more to be encoded."""
REST = 30.0
"""Seconds without work after which the memory of large buffers goes back to the system: a question
is often followed by another."""


class _Task:
    """One thing to be done: alone, or together with others of the same kind."""

    def __init__(self, work: Callable[[list[Any]], list[Any]], given: Any, kind: Hashable) -> None:
        self.work = work
        self.given = given
        self.kind = kind
        self.future: Future[Any] = Future()


class Batches:
    """Threads that work on what waits, the oldest first.

    Encoding is done one by one: a batch of it takes no less than its parts. Texts to be decoded
    wait for those that are still to be encoded, though not for more than `ENOUGH`, and are decoded
    in one batch where their windows and prompts allow. A lone request waits for nobody. Who is
    cancelled while waiting is forgotten; what a thread has begun, it ends.
    """

    def __init__(self, model: Model, workers: int, rest: float = REST) -> None:
        self._model = model
        self._rest = rest
        self._alone: deque[_Task] = deque()
        self._texts: deque[_Task] = deque()
        self._running = 0
        self._passed = 0
        self._rested = True
        self._closed = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"whisper-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def idle(self) -> bool:
        """Nothing is being worked on and nothing waits."""
        with self._changed:
            return not (self._running or self._alone or self._texts)

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run something on one of the threads. Raises `EngineClosed`, `EngineFailed`."""

        def work(given: list[Any]) -> list[Any]:
            return [function(*arguments)]

        return await self._done(self._alone, _Task(work, None, None))

    async def generate(
        self, encoded: Encoded, prompt: list[int], search: Search, longest: int
    ) -> Decoded:
        """As `Model.generate`, for one window. Raises `EngineClosed`, `EngineFailed`."""
        # CTranslate2 wants the transcripts of a batch to start at the same place
        kind = (encoded.shape, prompt.index(self._model.vocabulary.first), search)

        def work(given: list[Any]) -> list[Any]:
            windows, prompts, lengths = zip(*given, strict=True)
            return self._model.generate(windows, prompts, search, lengths)

        task = _Task(work, (encoded, prompt, longest), kind)
        found: Decoded = await self._done(self._texts, task)
        return found

    async def close(self) -> None:
        """Let what runs end, refuse what waits, and end the threads. Twice is once."""
        with self._changed:
            self._closed = True
            left = [*self._alone, *self._texts]
            self._alone.clear()
            self._texts.clear()
            self._changed.notify_all()
        for task in left:
            if task.future.set_running_or_notify_cancel():
                task.future.set_exception(EngineClosed("faster-whisper was closed"))
        await asyncio.to_thread(self._join)

    async def _done(self, queue: deque[_Task], task: _Task) -> Any:
        with self._changed:
            if self._closed:
                raise EngineClosed("faster-whisper was closed")
            queue.append(task)
            self._changed.notify()
        try:
            return await asyncio.wrap_future(task.future)
        except asyncio.CancelledError:
            with self._changed:
                if task in queue:
                    queue.remove(task)
            raise

    def _join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while tasks := self._take():
            tasks = [task for task in tasks if task.future.set_running_or_notify_cancel()]
            results = self._results(tasks)
            with self._changed:
                self._running -= 1
            for task, result in zip(tasks, results, strict=True):
                if isinstance(result, Exception):
                    task.future.set_exception(result)
                else:
                    task.future.set_result(result)
            del tasks, results  # nothing is kept while nothing is done

    def _take(self) -> list[_Task]:
        """The next thing to do, perhaps several; nothing at the end."""
        with self._changed:
            while not (self._alone or self._texts):
                if self._closed:
                    return []
                longest = None if self._rested else self._rest
                if not (self._changed.wait(longest) or self._running or self._rested):
                    self._rested = True
                    self._running += 1
                    return [_Task(_tidy, None, None)]
            self._running += 1
            self._rested = False
            oldest = self._texts[0].kind if self._texts else None
            ready = [task for task in self._texts if task.kind == oldest][:TOGETHER]
            if self._alone and len(ready) < ENOUGH and self._passed < ENOUGH:
                self._passed += 1 if ready else 0
                return [self._alone.popleft()]
            self._passed = 0
            for task in ready:
                self._texts.remove(task)
            return ready

    @staticmethod
    def _results(tasks: list[_Task]) -> list[Any]:
        """What comes of tasks that are done together: for each a result, or an exception."""
        if not tasks:
            return []
        try:
            return tasks[0].work([task.given for task in tasks])
        except SatelliteError as error:
            return [error] * len(tasks)
        except Exception as error:  # whatever it is, it is those who wait for it that must know
            _LOGGER.debug("Whisper failed", exc_info=True)
            return [EngineFailed(f"Whisper: {type(error).__name__}: {error}")] * len(tasks)


def _tidy(given: list[Any]) -> list[Any]:
    give_back()
    return given
