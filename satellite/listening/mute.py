"""Mute: whether the microphone is closed, and on whose behalf."""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Set as AbstractSet

from satellite import events
from satellite.lib.persistence import StoredValue

_LOGGER = logging.getLogger(__name__)

USER = "user"
"""The people in the room: by voice, a button, a command or the HTTP API."""
MOST = 16
"""Other parties that are distinguished: a home has one or two."""
_UNNAMED = "others"
"""Stands for the parties beyond `MOST`: only the people in the room can end their mutes."""


def mute_store(satellite: str) -> StoredValue[bool]:
    """Return the store of a satellite's mute; each satellite of a machine has its own."""
    return StoredValue.for_satellite("mute", satellite, bool, False)


def parties_store(satellite: str) -> StoredValue[tuple[str, ...]]:
    """Return the store of the other parties that have muted a satellite."""
    return StoredValue.for_satellite("muted-by", satellite, tuple[str, ...], ())


class Mute:
    """Whether the microphone is muted.

    A mute stays until the party that wanted it ends it, or the people in the room do: they see the
    satellite and have the last word. A program that is gone has not ended its mute.
    """

    def __init__(
        self,
        publish: Callable[[events.Event], None],
        store: StoredValue[bool] | None = None,
        parties: StoredValue[tuple[str, ...]] | None = None,
    ) -> None:
        """`store` keeps the choice of the people in the room over a restart, `parties` that of
        others."""
        self._publish = publish
        self._store = store
        self._parties = parties
        self._muted_by = set(parties.read()[: MOST + 1]) if parties is not None else set()
        if store is not None and store.read():
            self._muted_by.add(USER)
        if self._muted_by:
            by = ", ".join(self.by)
            _LOGGER.info("microphone: still muted by %s; `satellite mute off` opens it", by)
        self._listeners: list[Callable[[bool], None]] = []

    @property
    def muted(self) -> bool:
        """Whether the microphone is closed."""
        return bool(self._muted_by)

    @property
    def by(self) -> tuple[str, ...]:
        """The parties that have muted it."""
        return tuple(sorted(self._muted_by))

    def subscribe(self, listener: Callable[[bool], None]) -> None:
        """Call `listener` with each change of `muted`."""
        self._listeners.append(listener)

    def set(self, muted: bool, by: str = USER) -> None:
        """Mute on behalf of `by`, or end that mute; `USER` ends the mutes of all. Idempotent."""
        before, muted_by = self.muted, set(self._muted_by)
        if muted:
            crowded = by != USER and len(muted_by - {USER}) >= MOST
            muted_by.add(_UNNAMED if crowded and by not in muted_by else by)
        elif by == USER:
            muted_by.clear()
        else:
            muted_by.discard(by)
        if muted_by == self._muted_by:
            return
        self._store_changes(muted_by)
        self._muted_by = muted_by
        _LOGGER.info("microphone: %s", f"muted by {', '.join(self.by)}" if muted_by else "open")
        if self.muted != before:
            self._publish(events.Mute(muted=self.muted))
            for listener in self._listeners:
                listener(self.muted)

    def _store_changes(self, muted_by: AbstractSet[str]) -> None:
        """Store what has changed: a party's mute must survive a restart of this program."""
        if self._store is not None and (USER in muted_by) != (USER in self._muted_by):
            self._store.write(USER in muted_by)
        others = muted_by - {USER}
        if self._parties is not None and others != self._muted_by - {USER}:
            self._parties.write(tuple(sorted(others)))
