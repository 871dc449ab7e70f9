"""The current state of a running satellite, from its events."""

from __future__ import annotations

from collections import deque
from time import monotonic, time
from typing import Any

import msgspec

from satellite import events
from satellite.diagnostics.stats.collector import Row, TurnRow
from satellite.events import Event

LAST = 8
"""Turns to report."""

MOST = 256
"""Servers to report; a LAN with more is broken or hostile."""


class Snapshot:
    """Follows the events of a satellite."""

    def __init__(self) -> None:
        self._began = monotonic()
        self._engines: dict[str, str] = {}
        self._servers: dict[tuple[str, str], None] = {}
        self._turns: deque[TurnRow] = deque(maxlen=LAST)
        self._error: events.Error | None = None

    def take(self, event: Event, row: Row | None = None) -> None:
        """Take the next event, and the row that it completed."""
        match event:
            case events.Ready(engines=engines):
                self._engines = dict(engines)
            case events.WakeWords(engine=engine):
                self._engines["wake"] = engine
            case events.Failover(role=role, to=to) if role in self._engines:
                self._engines[role] = to
            case events.ServerFound(role=role, uri=uri):
                if len(self._servers) < MOST:
                    self._servers[role, uri] = None
            case events.ServerLost(role=role, uri=uri):
                self._servers.pop((role, uri), None)
            case events.Error():
                self._error = event
        if isinstance(row, TurnRow):
            self._turns.append(row)

    def facts(self) -> dict[str, Any]:
        """Return plain values: `since` in Unix seconds, `engines` by role, `servers`, the last
        `turns`, the last `trouble` outside a turn."""
        return {
            # by the present clock: many small machines start in 1970, until they have a network
            "since": time() - (monotonic() - self._began),
            "engines": dict(self._engines),
            "servers": [{"role": role, "uri": uri} for role, uri in self._servers],
            "turns": [msgspec.to_builtins(turn) for turn in self._turns],
            "trouble": self._error
            and {"time": self._error.time, "where": self._error.where, "text": self._error.text},
        }
