"""What the doctor says: one thing that was looked at, how it is, and what to do."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["ok", "note", "warning", "broken"]

STATES: tuple[State, ...] = ("ok", "note", "warning", "broken")
"""From good to bad. A note is worth knowing, a warning may be felt, what is broken does not work.
"""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was found."""

    state: State
    about: str
    """What was looked at, such as `microphone`."""
    found: str
    """What it is like."""
    means: str = ""
    """What follows from that for somebody who uses the satellite."""
    remedy: str = ""
    """What to do: a command, a setting, or a thing to look at."""
    area: str = ""
    """Where it belongs; filled in by the examination."""


def ok(about: str, found: str) -> Finding:
    """All is well."""
    return Finding(state="ok", about=about, found=found)


def note(about: str, found: str, means: str = "", remedy: str = "") -> Finding:
    """Worth knowing; nothing is wrong by it."""
    return Finding(state="note", about=about, found=found, means=means, remedy=remedy)


def warning(about: str, found: str, means: str, remedy: str) -> Finding:
    """Works, but not as it should, or not for long."""
    return Finding(state="warning", about=about, found=found, means=means, remedy=remedy)


def broken(about: str, found: str, means: str, remedy: str) -> Finding:
    """Does not work."""
    return Finding(state="broken", about=about, found=found, means=means, remedy=remedy)
