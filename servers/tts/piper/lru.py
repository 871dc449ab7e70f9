"""A few loaded models: those used last."""

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
    """Keeps `size` models; the one that was not used for longest makes room for another.

    Any thread may take one. Whoever needs a model that another thread is loading waits for it;
    others are not kept.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._places: OrderedDict[Hashable, _Slot[Model]] = OrderedDict()

    def take(self, key: Hashable, load: Callable[[], Model]) -> Model:
        """The model of a key, loaded if it is not here. Raises what `load` raises."""
        with self._lock:
            place = self._places.setdefault(key, _Slot())
            self._places.move_to_end(key)
            while len(self._places) > self._size:
                self._places.popitem(last=False)
        with place.lock:
            if place.model is None:
                try:
                    place.model = load()
                except BaseException:
                    with self._lock:
                        if self._places.get(key) is place:
                            del self._places[key]
                    raise
            return place.model

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return (place := self._places.get(key)) is not None and place.model is not None

    def clear(self) -> None:
        """Forget all models; those in use stay until they are not."""
        with self._lock:
            self._places.clear()
