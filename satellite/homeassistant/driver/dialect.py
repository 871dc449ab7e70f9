"""What the driver needs of a connection, and where protocols differ beyond how they encode events.

The driver speaks in Wyoming's events. Another protocol that drives this satellite has a connection
that translates them, and a `Dialect` for what Wyoming has no event for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal, Protocol

import msgspec
from wyoming.event import Event
from wyoming.snd import Played

from satellite.net.memory_budget import Budget

LISTEN = "listen-now"
"""Type of an event by which Home Assistant has this satellite listen without a wake word."""

CONTINUE = "continue-conversation"
"""Type of an event by which it asks for an answer to the reply that it sends."""

ANNOUNCED = "announcement-played"
"""Type of the event that ends an announcement, with `success`, where that differs from a reply."""

SILENT = "reply-silent"
"""Type of the event after which no sound of an abandoned answer comes."""

LEFT = "run-left"
"""Type of the event after which no more of a run is needed."""


class EventConnection(Protocol):
    """A connection as the driver uses it: see `satellite.net.wire.Connection`."""

    peer: str
    address: str
    memory: Budget

    @property
    def closed(self) -> bool:
        """Whether either side has hung up."""

    def working(self) -> AbstractContextManager[None]:
        """Count a request in progress during this block."""

    async def read(self) -> Event | None:
        """Return the next event; None at the end. Raises `BadFrame` and `PeerClosed`."""

    async def write(self, event: Event) -> None:
        """Send an event. Raises `PeerClosed`."""

    def abort(self) -> None:
        """Hang up at once. Idempotent."""


class Dialect(msgspec.Struct, frozen=True):
    """How Home Assistant uses the driver by one protocol."""

    name: Literal["wyoming", "esphome"] = "wyoming"
    chime: bool = True
    """Whether this satellite plays the sound before an announcement; else it is part of it."""
    announced: Callable[[bool], Event] = lambda success: Played().event()
    """Returns the event that ends an announcement, which was played to its end or not."""
    left: Event | None = None
    """The event with which the driver leaves a run, whatever has become of it."""


WYOMING = Dialect()

ESPHOME = Dialect(
    name="esphome",
    chime=False,
    announced=lambda success: Event(ANNOUNCED, {"success": success}),
    left=Event(LEFT),
)
