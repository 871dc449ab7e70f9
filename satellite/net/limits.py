"""Limits of a listener: which peers may connect, and how much they may send."""

from __future__ import annotations

import msgspec

from satellite.net.allowed import DEFAULT_ALLOW
from satellite.net.frame import Limits
from satellite.net.memory_budget import MOST


class ListenLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Which peers may connect, and how much they may send. Times in seconds; 0 means no limit."""

    allow: tuple[str, ...] = DEFAULT_ALLOW
    """Addresses and networks that may connect; see `satellite.net.allowed`."""
    connections: int = 64
    """Peers at once, silent ones not counted (see `satellite.net.admission`)."""
    paired_only: bool = False
    """Whether to refuse TCP connections without TLS."""
    per_address: int = 32
    """Peers of one address at once: a satellite opens three connections, while a proxy or the
    bridge of a container represents many peers."""
    first: float = 10.0
    """Until the first event of a peer: every client sends one as soon as it is connected."""
    idle: float = 900.0
    """Without an event in either direction and without a request in progress. Home Assistant pings
    a satellite every 2 s; other clients keep a connection open between two requests."""
    total: float = 0.0
    """Of a connection: unlimited, as Home Assistant stays connected for months."""
    memory: int = MOST
    """Bytes held for all peers together (`limits.held`), where the ports of a program share no
    account."""
    wire: Limits = Limits()
