"""Timers and alarms: what is kept (`schedule`), when they ring (`manager`), and how (`ring`)."""

from __future__ import annotations

import re

from satellite.lib.persistence import Kept
from satellite.timers.manager import MOST, Timers
from satellite.timers.schedule import Book

__all__ = ["MOST", "Timers", "kept"]


def kept(satellite: str) -> Kept[Book]:
    """Where a satellite's timers are kept: another one of the same machine has its own."""
    name = re.sub(r"[^\w-]+", "_", satellite)[:64]
    return Kept(f"timers-{name}" if name else "timers", Book, Book())
