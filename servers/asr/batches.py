"""A thread that processes what has been asked of it meanwhile, in batches and by fair shares."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from satellite.lib.platform.cores import cores
from satellite.lib.worker import Worker
from satellite.ports import PieceOfWork, SharedProcessors
from servers.caller import CALLER
from servers.processor_shares import LOOK, ProcessorShares

T = TypeVar("T")
R = TypeVar("R")


class _Slot(Generic[T, R]):
    """An item and, once it is processed, its result or error."""

    def __init__(self, item: T, piece: PieceOfWork) -> None:
        self.item = item
        self.piece = piece
        self.done = False
        self.result: R | None = None
        self.error: BaseException | None = None


class Batches(Generic[T, R]):
    """Runs `process` for the items of several callers at once, at most `most` of them.

    Items of an address that has had its share of the processors are passed over.
    """

    def __init__(
        self,
        worker: Worker,
        process: Callable[[Sequence[T]], Sequence[R]],
        most: int,
        processors: SharedProcessors | None = None,
    ) -> None:
        """`process` returns a result for each item, in order; `processors` are shared with other
        engines, by default with none."""
        self._worker = worker
        self._process = process
        self._most = most
        self._processors = processors or ProcessorShares(cores())
        self._lock = threading.Lock()
        self._waiting: list[_Slot[T, R]] = []

    @property
    def queued(self) -> int:
        """Items that wait for the thread."""
        return len(self._waiting)

    async def run(self, item: T) -> R:
        """Return the result of an item. Raises what `process` raises, `EngineClosed`."""
        slot: _Slot[T, R] = _Slot(item, self._processors.piece(CALLER.get().address))
        with self._lock:
            self._waiting.append(slot)
        try:
            # each call takes the first items, so that this one may be processed by another's call
            while not slot.done:
                await self._worker.call(self._next)
                if not slot.done:  # it was passed over
                    await asyncio.sleep(LOOK)
        finally:
            with self._lock:
                if slot in self._waiting:  # cancelled, or refused
                    self._waiting.remove(slot)
                    slot.piece.end()
        if slot.error is not None:
            raise slot.error
        return slot.result  # type: ignore[return-value]  # set by the batch

    def _next(self) -> None:
        slots = self._take()
        if not slots:
            return
        try:
            for slot, result in zip(
                slots, self._process([slot.item for slot in slots]), strict=True
            ):
                slot.result = result
        except BaseException as error:  # delivered to the callers, whatever it is
            for slot in slots:
                slot.error = error
        finally:
            for slot in slots:
                slot.piece.end()
                slot.done = True

    def _take(self) -> list[_Slot[T, R]]:
        """Take the first items that may begin."""
        with self._lock:
            slots: list[_Slot[T, R]] = []
            for slot in list(self._waiting):
                if len(slots) < self._most and slot.piece.may_begin():
                    slot.piece.begin()  # before the next one asks
                    self._waiting.remove(slot)
                    slots.append(slot)
        return slots
