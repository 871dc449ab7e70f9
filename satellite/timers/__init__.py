"""Timers and alarms: what is kept of them (`book`), when they ring (`keeper`), and how (`ring`)."""

from __future__ import annotations

import re

from satellite.state import Kept
from satellite.timers.book import Book
from satellite.timers.keeper import MOST, Timers

__all__ = ["MOST", "Timers", "kept"]


def kept(satellite: str) -> Kept[Book]:
    """Where a satellite's timers are kept: another one of the same machine has its own."""
    name = re.sub(r"[^\w-]+", "_", satellite)[:64]
    return Kept(f"timers-{name}" if name else "timers", Book, Book())
