"""Mute: whether the microphone is closed, and by whose wish."""

from __future__ import annotations

import re
from collections.abc import Callable

from satellite import events
from satellite.lib.persistence import StoredValue

USER = "user"
"""The people in the room, whose wish is kept over a restart."""


def mute_store(satellite: str) -> StoredValue[bool]:
    """Where a satellite's wish is kept: another one of the same machine has its own."""
    name = re.sub(r"[^\w-]+", "_", satellite)[:64]
    return StoredValue(f"mute-{name}" if name else "mute", bool, False)


class Mute:
    """Closed as long as anybody wishes so: who has closed it has to open it again."""

    def __init__(
        self, publish: Callable[[events.Event], None], mute_store: StoredValue[bool] | None = None
    ) -> None:
        """`mute_store` is where the wish of the people in the room is remembered, if anywhere."""
        self._publish = publish
        self._kept = mute_store
        self._by = {USER} if mute_store is not None and mute_store.read() else set()
        self._listeners: list[Callable[[bool], None]] = []

    @property
    def muted(self) -> bool:
        """The microphone is closed."""
        return bool(self._by)

    def listen(self, listener: Callable[[bool], None]) -> None:
        """Have somebody told of each change."""
        self._listeners.append(listener)

    def set(self, muted: bool, by: str = USER) -> None:
        """Close it, or open it as far as `by` is concerned. Twice is once."""
        before, wished = self.muted, by in self._by
        if muted == wished:
            return
        self._by ^= {by}
        if by == USER and self._kept is not None:
            self._kept.write(muted)
        if self.muted != before:
            self._publish(events.Mute(muted=self.muted))
            for listener in self._listeners:
                listener(self.muted)
