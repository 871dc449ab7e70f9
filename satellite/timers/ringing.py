"""How it rings: softly at first, and with a word where it rings late."""

from __future__ import annotations

from datetime import datetime, tzinfo

import msgspec

from satellite.timers.alarm import Alarm
from satellite.timers.schedule import DueTimers, Timer

SOFTLY = 0.2
"""Loudness of the first ring, as a factor: 14 dB below the last."""

RISE = 60.0
"""Seconds until it is as loud as everything else: nobody is startled, and nobody sleeps on."""

WORTH = 30.0
"""Seconds of lateness that are worth a word."""

PAUSE = 0.5
"""Seconds of silence between two rings, in which a person can be heard."""


class Ring(msgspec.Struct, frozen=True):
    """One ring."""

    loudness: float = 1.0
    """Factor by which its samples are multiplied, to 1."""
    words: str = ""
    """What is said before it, in English."""


def loudness(age: float) -> float:
    """Loudness after so many seconds of ringing."""
    return SOFTLY + (1.0 - SOFTLY) * min(1.0, max(0.0, age) / RISE)


def words(due: DueTimers, zone: tzinfo | None = None) -> str:
    """What is said of something late; nothing where it is in time."""
    if due.late < WORTH:
        return ""
    if isinstance(due.entry, Timer):
        what = f"The {due.entry.name} timer" if due.entry.name else "A timer"
        return f"{what} ended {_ago(due.late)} ago."
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
