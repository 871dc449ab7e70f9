"""A cache of the most recently used models."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Model = TypeVar("Model")


class _Slot(Generic[Model]):
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.model: Model | None = None


class LruCache(Generic[Model]):
    """Holds up to `size` models and drops the least recently used one for another.

    Thread-safe. A thread that needs a model that another thread is loading waits for it; threads
    that need other models do not wait.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._slots: OrderedDict[Hashable, _Slot[Model]] = OrderedDict()

    def take(self, key: Hashable, load: Callable[[], Model]) -> Model:
        """Return the model of a key, loading it if necessary. Raises what `load` raises."""
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > self._size:
                self._slots.popitem(last=False)
        with slot.lock:
            if slot.model is None:
                try:
                    slot.model = load()
                except BaseException:
                    with self._lock:
                        if self._slots.get(key) is slot:
                            del self._slots[key]
                    raise
            return slot.model

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return (slot := self._slots.get(key)) is not None and slot.model is not None

    def clear(self) -> None:
        """Drop all models; models in use stay in memory until they are released."""
        with self._lock:
            self._slots.clear()
