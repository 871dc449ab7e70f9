"""Who is let in at a door, and what they may send."""

from __future__ import annotations

import msgspec

from satellite.net.allowed import HOME
from satellite.net.frame import Limits
from satellite.net.memory_budget import MOST


class ListenLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Who is let in, and what they may send. Times in seconds; 0 stands for no limit."""

    allow: tuple[str, ...] = HOME
    """Addresses and networks that may connect; see `satellite.net.allowed`."""
    connections: int = 64
    """Peers at once, those left out that have said nothing yet (see `admission`)."""
    paired_only: bool = False
    """Turn away who comes by TCP without TLS."""
    per_address: int = 32
    """Peers of one address at once: a satellite has three, a proxy or a container's bridge stands
    for many."""
    first: float = 10.0
    """For a peer's first event: every client sends one as soon as it is connected."""
    idle: float = 900.0
    """Without an event in either direction while nothing is being worked on. Home Assistant pings a
    satellite every 2 s; others let a connection rest between two questions."""
    total: float = 0.0
    """Of a connection: none, as Home Assistant stays with its satellite for months."""
    held: int = MOST
    """Bytes held for all peers together."""
    wire: Limits = Limits()
