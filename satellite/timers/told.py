"""The events of timers and alarms."""

from __future__ import annotations

from typing import Literal

from satellite import events
from satellite.timers.alarm import Alarm
from satellite.timers.book import Timer

State = Literal["started", "changed", "paused", "cancelled", "finished", "dismissed", "missed"]


def told(entry: Timer | Alarm, state: State) -> events.Event:
    """What is told of one whose state is this now."""
    if isinstance(entry, Timer):
        return events.Timer(id=entry.id, state=state, total=entry.total, name=entry.name)
    return events.Alarm(
        id=entry.id, state=state, at=entry.time, date=entry.on, days=entry.days, name=entry.name
    )
