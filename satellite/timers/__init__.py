"""Timers and alarms: what is kept (`schedule`), when they ring (`manager`), and how (`ring`)."""

from __future__ import annotations

import re

from satellite.lib.persistence import StoredValue
from satellite.timers.manager import MOST, TimerManager
from satellite.timers.schedule import Schedule

__all__ = ["MOST", "TimerManager", "timer_store"]


def timer_store(satellite: str) -> StoredValue[Schedule]:
    """Where a satellite's timers are kept: another one of the same machine has its own."""
    name = re.sub(r"[^\w-]+", "_", satellite)[:64]
    return StoredValue(f"timers-{name}" if name else "timers", Schedule, Schedule())
