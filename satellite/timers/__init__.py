"""Timers and alarms: what is set (`schedule`), when it rings (`manager`), and how (`ringing`)."""

from __future__ import annotations

from satellite.lib.persistence import StoredValue
from satellite.timers.manager import TimerManager
from satellite.timers.schedule import MOST, Schedule

__all__ = ["MOST", "TimerManager", "timer_store"]


def timer_store(satellite: str) -> StoredValue[Schedule]:
    """Return the store of a satellite's timers, one for each satellite of a machine."""
    return StoredValue.for_satellite("timers", satellite, Schedule, Schedule())
