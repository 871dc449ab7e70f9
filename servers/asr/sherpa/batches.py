"""A thread that processes what has been asked of it meanwhile in one batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from satellite.lib.worker import Worker

T = TypeVar("T")
R = TypeVar("R")


class _Slot(Generic[T, R]):
    """An item and, once it is processed, its result or error."""

    def __init__(self, item: T) -> None:
        self.item = item
        self.result: R | None = None
        self.error: BaseException | None = None


class Batches(Generic[T, R]):
    """Runs `process` for the items of several callers at once, at most `most` of them."""

    def __init__(
        self, worker: Worker, process: Callable[[Sequence[T]], Sequence[R]], most: int
    ) -> None:
        """`process` returns a result for each item, in order."""
        self._worker = worker
        self._process = process
        self._most = most
        self._waiting: deque[_Slot[T, R]] = deque()

    @property
    def queued(self) -> int:
        """Items that wait for the thread."""
        return len(self._waiting)

    async def run(self, item: T) -> R:
        """Return the result of an item. Raises what `process` raises, `EngineClosed`."""
        slot: _Slot[T, R] = _Slot(item)
        self._waiting.append(slot)
        # there are as many calls as items and each takes the first ones, so that the item has been
        # processed when this call ends, by it or by an earlier one
        await self._worker.call(self._next)
        if slot.error is not None:
            raise slot.error
        return slot.result  # type: ignore[return-value]  # set by the batch

    def _next(self) -> None:
        slots = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
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
