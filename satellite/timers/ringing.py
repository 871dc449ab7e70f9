"""One ring: soft at first, and with an announcement when it is late."""

from __future__ import annotations

from datetime import datetime, tzinfo

import msgspec

from satellite.timers.alarm import Alarm
from satellite.timers.schedule import DueEntry, Timer

SOFTLY = 0.2
"""Loudness of the first ring, as a factor: 14 dB below the last."""

RISE = 60.0
"""Seconds until full loudness: slow enough to startle no one, loud enough to wake everyone."""

ANNOUNCED = 30.0
"""Seconds of lateness from which a ring is announced."""

PAUSE = 0.5
"""Seconds of silence between two rings, in which speech can be recognized."""


class Ring(msgspec.Struct, frozen=True):
    """One ring."""

    loudness: float = 1.0
    """Factor by which the samples are multiplied, 0 to 1."""
    words: str = ""
    """Text spoken before the ring; empty for none. How late it rings is said in English."""


def loudness(age: float) -> float:
    """Return the loudness after `age` seconds of ringing."""
    return SOFTLY + (1.0 - SOFTLY) * min(1.0, max(0.0, age) / RISE)


def announcement(due: DueEntry, zone: tzinfo | None = None) -> str:
    """Return the spoken text for an entry: that of a reminder, and how late it rings, if it does.

    Empty for an entry without a text that rings in time.
    """
    return " ".join(filter(None, (_lateness(due, zone), due.entry.text)))


def _lateness(due: DueEntry, zone: tzinfo | None) -> str:
    if due.late < ANNOUNCED:
        return ""
    if isinstance(due.entry, Timer):
        name = f"The {due.entry.name} timer" if due.entry.name else "A timer"
        return f"{name} ended {_ago(due.late)} ago."
    return f"{_alarm(due.entry)} was for {_clock(datetime.fromtimestamp(due.at, zone))}."


def _alarm(alarm: Alarm) -> str:
    return f"The {alarm.name} alarm" if alarm.name else "An alarm"


def _clock(moment: datetime) -> str:
    half = "PM" if moment.hour >= 12 else "AM"
    return f"{moment.hour % 12 or 12}:{moment.minute:02} {half}"


def _ago(seconds: float) -> str:
    if seconds < 60:
        return f"{round(seconds)} seconds"
    minutes = round(seconds / 60)
    return "one minute" if minutes == 1 else f"{minutes} minutes"
