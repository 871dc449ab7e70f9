"""What time it is, by the wall's clock and by one that nobody can set."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import msgspec

_SESSION = Path("/proc/sys/kernel/random/boot_id")
"""Another one after each start of the machine (random(4))."""

_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine is suspended (clock_gettime(2)), where there is such a clock."""


class Moment(msgspec.Struct, frozen=True):
    """One moment, as several clocks show it."""

    wall: float
    """Unix seconds; anybody may set them, and some machines begin with wrong ones."""
    boot: float
    """Seconds since the machine was started, suspension included."""
    session: str = ""
    """From which start of the machine those are counted."""

    @property
    def offset(self) -> float:
        """What the wall's clock shows beyond the other: it changes when the clock is set."""
        return self.wall - self.boot

    def follows(self, other: Moment) -> bool:
        """Whether the time since another moment can be told without the wall's clock."""
        return self.session == other.session and self.boot >= other.boot


def now() -> Moment:
    """This moment. Reads a line from /proc the first time."""
    return Moment(time.time(), time.clock_gettime(_BOOT), _session())


def _session() -> str:
    if not _known:
        try:
            _known.append(_SESSION.read_text().strip())
        except OSError:  # not Linux: nothing is known of how this was counted before this program
            _known.append(uuid.uuid4().hex)
    return _known[0]


_known: list[str] = []
