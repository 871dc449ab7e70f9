"""The current time, by the wall clock and by the boot clock, which cannot be set."""

from __future__ import annotations

import time
import uuid
from functools import cache
from typing import Annotated

import msgspec

from satellite.lib.platform.clocks import boot_session, seconds_since_boot

WallSeconds = Annotated[float, msgspec.Meta(ge=-3e10, le=3e10)]
"""Seconds of a wall clock since 1970, in years of four digits."""
BootSeconds = Annotated[float, msgspec.Meta(ge=-3e10, le=3e10)]
"""Seconds on the clock that counts from the start of the machine."""


class ClockReading(msgspec.Struct, frozen=True):
    """One moment, as both clocks show it."""

    wall: WallSeconds
    """Unix seconds; the clock may be set at any time, and some machines start with a wrong time."""
    boot: BootSeconds
    """Seconds since the start of the machine, suspension included."""
    session: str = ""
    """Identifies the start of the machine from which `boot` is counted."""

    @property
    def offset(self) -> float:
        """Wall clock minus boot clock, in seconds: it changes when the wall clock is set."""
        return self.wall - self.boot

    def follows(self, other: ClockReading) -> bool:
        """Return whether the boot clock alone measures the time since another moment."""
        return self.session == other.session and self.boot >= other.boot


def read_clocks() -> ClockReading:
    """Return this moment. Reads a line from /proc the first time."""
    return ClockReading(time.time(), seconds_since_boot(), _session())


@cache
def _session() -> str:
    # without one, earlier readings cannot be compared with those of this process
    return boot_session() or uuid.uuid4().hex
