"""Fair turns for more services than are monitored at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from satellite.net import uri as uris
from satellite.net.discovery.monitor import Monitor

MOST_WAITING = 1024
"""Services that wait for their turn; any beyond that are ignored."""
TURN = 2.0
"""Seconds between two turns: a service that does not answer fails its first check within two."""
PER_TURN = 16
"""Services that change places in one turn: a thousand have had theirs within about two minutes."""
CROWD = 8
"""Services of one address from which they make room for those of others at once."""


def next_to_leave(
    monitors: Iterable[tuple[str, Monitor]],
    protected: Callable[[Monitor], bool],
    *,
    answering: bool,
) -> str | None:
    """Return the key of the monitored service that makes room for another one, if any does.

    Those that do not answer come first, then those of the address that has the most, then the
    longest monitored. No service leaves before its first check, and none that is `protected`.
    Without `answering`, no service leaves that answers, unless its address has a `CROWD` of them.
    """
    every = list(monitors)
    per_host = Counter(_host(monitor) for _, monitor in every)
    best: tuple[tuple[bool, int], str] | None = None
    for key, monitor in every:  # in the order in which they came
        if not monitor.checked or protected(monitor):
            continue
        crowd = per_host[_host(monitor)]
        if monitor.server is not None and not answering and crowd <= CROWD:
            continue
        order = monitor.server is None, crowd
        if best is None or order > best[0]:
            best = order, key
    return best[1] if best is not None else None


def _host(monitor: Monitor) -> str:
    """Return the host of a service; its own name while it is unknown."""
    address = monitor.address
    return str(getattr(uris.parse(address), "host", address)) if address else monitor.location.name
