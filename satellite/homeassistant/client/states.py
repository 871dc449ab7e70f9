"""The states of exposed entities, updated by Home Assistant's `subscribe_entities`.

Its events have `a` (added: id to `s`, the state, and `a`, the attributes), `c` (changed: `+` with
the same for new values, `-` with the names of removed attributes) and `r` (removed ids).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from satellite.homeassistant.client.socket import Socket

SILENT = ("unavailable", "unknown")
"""States of an entity that does not answer."""


class State(msgspec.Struct, frozen=True):
    """The state of an entity."""

    value: str
    """Such as `on`, `closed` or `20.5`."""
    attributes: Mapping[str, Any] = {}


class States:
    """The states by entity id; empty without a connection."""

    def __init__(self) -> None:
        self._states: dict[str, State] = {}
        self._number: int | None = None
        self._followed: frozenset[str] = frozenset()

    def of(self, id_: str) -> State | None:
        """Return the state of an entity; None if Home Assistant has none."""
        return self._states.get(id_)

    def forget(self) -> None:
        """Forget every state, as the connection has ended."""
        self._states, self._number, self._followed = {}, None, frozenset()

    async def follow(self, socket: Socket, ids: Collection[str]) -> None:
        """Follow the states of these entities only; they are known when this returns."""
        if frozenset(ids) == self._followed:
            return
        if self._number is not None:
            number, self._number = self._number, None
            await socket.unsubscribe(number)
        self._states, self._followed = {}, frozenset()
        if not ids:  # Home Assistant would follow all entities
            return
        self._number = await socket.subscribe(
            self.hear, "subscribe_entities", entity_ids=sorted(ids)
        )
        await socket.call("ping")  # the first event comes before the answer to this
        self._followed = frozenset(ids)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Apply an event."""
        for id_, added in _pairs(event.get("a")):
            self._states[id_] = State(str(added.get("s", "unknown")), added.get("a") or {})
        for id_, change in _pairs(event.get("c")):
            before = self._states.get(id_, State("unknown"))
            more, less = change.get("+") or {}, change.get("-") or {}
            attributes = {**before.attributes, **(more.get("a") or {})}
            for gone in less.get("a") or ():
                attributes.pop(gone, None)
            self._states[id_] = State(str(more.get("s", before.value)), attributes)
        for id_ in event.get("r") or ():
            self._states.pop(id_, None)


def _pairs(value: Any) -> list[tuple[str, Mapping[str, Any]]]:
    table = value if isinstance(value, dict) else {}
    return [(key, entry) for key, entry in table.items() if isinstance(entry, dict)]
