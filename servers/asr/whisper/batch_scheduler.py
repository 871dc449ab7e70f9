"""The queue of work for a Whisper model, and the batches it is done in."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any

from satellite.errors import EngineClosed, EngineFailed, SatelliteError
from satellite.lib.platform.cores import cores
from satellite.ports import PieceOfWork, SharedProcessors
from servers.asr.malloc import give_back
from servers.asr.whisper.machine import Machine
from servers.asr.whisper.model import Decoded, Encoded, Model, Search
from servers.caller import CALLER
from servers.processor_shares import LOOK, ProcessorShares

_LOGGER = logging.getLogger(__name__)

ENOUGH = 2
"""Texts decoded without waiting for more to be encoded."""
IDLE_TRIM = 30.0
"""Seconds without work after which the memory of large buffers returns to the system: a question is
often followed by another."""
BUSY = 60.0
"""Seconds of requests without such a pause after which a short one is enough: what many windows at
once have needed is not held for hours. The next window takes an eighth longer (see
`servers.asr.malloc`)."""
PAUSE = 1.0
"""Seconds of that short pause."""
_TRIM = "trim"
"""The kind of task that returns memory. Tasks done alone have none, texts a tuple."""


class _Task:
    """A unit of work, done alone or together with others of the same kind."""

    def __init__(self, work: Callable[[list[Any]], list[Any]], input_: Any, kind: Hashable) -> None:
        self.address = CALLER.get().address
        self.work = work
        self.input = input_
        self.kind = kind
        self.future: Future[Any] = Future()
        self.piece: PieceOfWork | None = None
        """None for work of the scheduler's own, which needs no share."""

    def may_begin(self) -> bool:
        return self.piece is None or self.piece.may_begin()

    def begin(self) -> None:
        """Begin, if it was not cancelled."""
        if self.future.set_running_or_notify_cancel() and self.piece is not None:
            self.piece.begin()

    def end(self) -> None:
        if self.piece is not None:
            self.piece.end()


class BatchScheduler:
    """Threads that work on queued tasks, the oldest first, clients' addresses in turn.

    Windows are encoded one by one: a batch takes no less time than its parts. Texts to be decoded
    wait for windows still to be encoded, but for no more than `ENOUGH`, and are decoded in one
    batch where their windows and prompts allow it. A lone request does not wait. Cancelling a
    queued task removes it; a running task is finished. Tasks of an address that has had its share
    of the processors are passed over.
    """

    def __init__(
        self,
        model: Model,
        machine: Machine,
        idle_trim: float = IDLE_TRIM,
        processors: SharedProcessors | None = None,
    ) -> None:
        """`processors` are shared with other engines, by default with none."""
        self._model = model
        self._machine = machine
        self._processors = processors or ProcessorShares(cores())
        self._idle_trim = idle_trim
        self._alone: deque[_Task] = deque()
        self._texts: deque[_Task] = deque()
        self._running = 0
        self._running_alone = 0
        self._passed = 0
        self._served: Counter[str] = Counter()
        """Tasks begun for each address since none waited."""
        self._trimmed = True
        self._busy_since = 0.0
        """When the first task began after memory was returned."""
        self._closed = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"whisper-{number}", daemon=True)
            for number in range(machine.workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def idle(self) -> bool:
        """Whether no task is running or queued."""
        with self._changed:
            return not (self._running or self._alone or self._texts)

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function on one of the threads. Raises `EngineClosed`, `EngineFailed`."""

        def work(inputs: list[Any]) -> list[Any]:
            return [function(*arguments)]

        return await self._run(self._alone, _Task(work, None, None))

    async def generate(
        self, encoded: Encoded, prompt: list[int], search: Search, longest: int
    ) -> Decoded:
        """Call `Model.generate` for one window. Raises `EngineClosed`, `EngineFailed`."""
        # CTranslate2 requires the transcripts of a batch to start at the same position
        kind = (encoded.shape, prompt.index(self._model.vocabulary.first), search)

        def work(inputs: list[Any]) -> list[Any]:
            windows, prompts, lengths = zip(*inputs, strict=True)
            return self._model.generate(windows, prompts, search, lengths)

        task = _Task(work, (encoded, prompt, longest), kind)
        found: Decoded = await self._run(self._texts, task)
        return found

    async def close(self) -> None:
        """Finish running tasks, refuse queued ones, and end the threads. Idempotent."""
        with self._changed:
            self._closed = True
            left = [*self._alone, *self._texts]
            for task in left:
                task.end()
            self._alone.clear()
            self._texts.clear()
            self._changed.notify_all()
        for task in left:
            if task.future.set_running_or_notify_cancel():
                task.future.set_exception(EngineClosed("faster-whisper was closed"))
        await asyncio.to_thread(self._join)

    async def _run(self, queue: deque[_Task], task: _Task) -> Any:
        with self._changed:
            if self._closed:
                raise EngineClosed("faster-whisper was closed")
            task.piece = self._processors.piece(task.address)
            queue.append(task)
            self._changed.notify()
        try:
            return await asyncio.wrap_future(task.future)
        except asyncio.CancelledError:
            with self._changed:
                if task in queue:
                    queue.remove(task)
                    task.end()
            raise

    def _join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while taken := self._take():
            alone = taken[0].kind is None
            tasks = [task for task in taken if not task.future.cancelled()]
            results = self._results(tasks)
            for task in taken:
                task.end()
            with self._changed:
                self._running -= 1
                if alone:
                    self._running_alone -= 1
                    self._changed.notify()  # another thread may begin the next one
            for task, result in zip(tasks, results, strict=True):
                if isinstance(result, Exception):
                    task.future.set_exception(result)
                else:
                    task.future.set_result(result)
            del taken, tasks, results  # hold no memory while idle

    def _take(self) -> list[_Task]:
        """Return the next task or batch; empty at the end."""
        with self._changed:
            while not any(startable := self._startable()):
                if self._closed:
                    return []
                if self._encodable or self._texts:  # their addresses are passed over
                    self._changed.wait(LOOK)
                    continue
                longest = None if self._trimmed else self._longest_pause
                if not (self._changed.wait(longest) or self._running or self._trimmed):
                    self._trimmed = True
                    self._running += 1
                    trim = _Task(_trim_memory, None, _TRIM)
                    trim.begin()
                    return [trim]
            self._running += 1
            if self._trimmed:
                self._trimmed, self._busy_since = False, time.monotonic()
            alone, texts = startable
            oldest = self._next(texts).kind if texts else None
            ready = [task for task in texts if task.kind == oldest][: self._machine.batch]
            if alone and (not ready or (len(ready) < ENOUGH and self._passed < ENOUGH)):
                self._passed += 1 if ready else 0
                first = self._next(alone)
                self._alone.remove(first)
                self._running_alone += 1
                self._begin(first)
                return [first]
            self._passed = 0
            for task in ready:
                self._texts.remove(task)
                self._begin(task)
            return ready

    def _startable(self) -> tuple[list[_Task], list[_Task]]:
        """Return the windows, and the texts, that may be worked on now."""
        alone = [task for task in self._alone if task.may_begin()] if self._encodable else []
        return alone, [task for task in self._texts if task.may_begin()]

    @property
    def _encodable(self) -> bool:
        """Whether a window may be encoded now."""
        return bool(self._alone) and self._running_alone < self._machine.encoders

    @property
    def _longest_pause(self) -> float:
        """Seconds without work after which memory is returned."""
        due = time.monotonic() - self._busy_since >= BUSY
        return min(PAUSE, self._idle_trim) if due else self._idle_trim

    def _next(self, queue: list[_Task]) -> _Task:
        """Return the oldest task of the address that has been served the least."""
        return min(queue, key=lambda task: self._served[task.address])

    def _begin(self, task: _Task) -> None:
        task.begin()
        if self._alone or self._texts:
            self._served[task.address] += 1
        else:
            self._served.clear()

    @staticmethod
    def _results(tasks: list[_Task]) -> list[Any]:
        """Run tasks together; return a result or an exception for each."""
        if not tasks:
            return []
        try:
            return tasks[0].work([task.input for task in tasks])
        except SatelliteError as error:
            return [error] * len(tasks)
        except Exception as error:  # the callers must learn of it, whatever it is
            _LOGGER.debug("Whisper failed", exc_info=True)
            return [EngineFailed(f"Whisper: {type(error).__name__}: {error}")] * len(tasks)


def _trim_memory(inputs: list[Any]) -> list[Any]:
    give_back()
    return inputs
