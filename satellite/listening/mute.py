"""Mute: whether the microphone is closed, and on whose behalf."""

from __future__ import annotations

from collections.abc import Callable

from satellite import events
from satellite.lib.persistence import StoredValue

USER = "user"
"""The people in the room, whose choice is restored after a restart."""


def mute_store(satellite: str) -> StoredValue[bool]:
    """Return the store of a satellite's mute; each satellite of a machine has its own.

    One that cannot be used means muted: it exists since the microphone was muted once.
    """
    return StoredValue.for_satellite("mute", satellite, bool, False, damaged=True)


class Mute:
    """Whether the microphone is muted: each party that mutes it must unmute it again."""

    def __init__(
        self, publish: Callable[[events.Event], None], store: StoredValue[bool] | None = None
    ) -> None:
        """`store` keeps the choice of the people in the room over a restart."""
        self._publish = publish
        self._store = store
        self._muted_by = {USER} if store is not None and store.read() else set()
        self._listeners: list[Callable[[bool], None]] = []

    @property
    def muted(self) -> bool:
        """Whether the microphone is closed."""
        return bool(self._muted_by)

    def subscribe(self, listener: Callable[[bool], None]) -> None:
        """Call `listener` with each change of `muted`."""
        self._listeners.append(listener)

    def set(self, muted: bool, by: str = USER) -> None:
        """Mute on behalf of `by`, or end that mute. Idempotent."""
        before = self.muted
        if muted == (by in self._muted_by):
            return
        self._muted_by ^= {by}
        if by == USER and self._store is not None:
            self._store.write(muted)
        if self.muted != before:
            self._publish(events.Mute(muted=self.muted))
            for listener in self._listeners:
                listener(self.muted)
