"""The states of exposed things, kept up to date by Home Assistant's `subscribe_entities`.

Its events have `a` (added: id to `s`, the state, and `a`, the attributes), `c` (changed: `+` with
the same for what is other now, `-` with names of attributes that are gone) and `r` (removed ids).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from satellite.homeassistant.client.socket import Socket

SILENT = ("unavailable", "unknown")
"""States that say that a thing does not answer."""


class State(msgspec.Struct, frozen=True):
    """How a thing is now."""

    value: str
    """As `on`, `closed` or `20.5`."""
    attributes: Mapping[str, Any] = {}


class States:
    """The states by id. Empty while nothing is connected."""

    def __init__(self) -> None:
        self._states: dict[str, State] = {}
        self._number: int | None = None
        self._followed: frozenset[str] = frozenset()

    def of(self, id_: str) -> State | None:
        """The state of a thing; None where Home Assistant has none."""
        return self._states.get(id_)

    def forget(self) -> None:
        """The connection ended, and with it all that was known."""
        self._states, self._number, self._followed = {}, None, frozenset()

    async def follow(self, socket: Socket, ids: Collection[str]) -> None:
        """Follow these things from now on, and no others. The states are there when it returns."""
        if frozenset(ids) == self._followed:
            return
        if self._number is not None:
            number, self._number = self._number, None
            await socket.unsubscribe(number)
        self._states, self._followed = {}, frozenset()
        if not ids:  # Home Assistant would take that for all
            return
        self._number = await socket.subscribe(
            self.hear, "subscribe_entities", entity_ids=sorted(ids)
        )
        await socket.call("ping")  # the first event comes before the answer to this
        self._followed = frozenset(ids)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take in an event."""
        for id_, told in _pairs(event.get("a")):
            self._states[id_] = State(str(told.get("s", "unknown")), told.get("a") or {})
        for id_, told in _pairs(event.get("c")):
            before = self._states.get(id_, State("unknown"))
            more, less = told.get("+") or {}, told.get("-") or {}
            attributes = {**before.attributes, **(more.get("a") or {})}
            for gone in less.get("a") or ():
                attributes.pop(gone, None)
            self._states[id_] = State(str(more.get("s", before.value)), attributes)
        for id_ in event.get("r") or ():
            self._states.pop(id_, None)


def _pairs(value: Any) -> list[tuple[str, Mapping[str, Any]]]:
    table = value if isinstance(value, dict) else {}
    return [(id_, told) for id_, told in table.items() if isinstance(told, dict)]
