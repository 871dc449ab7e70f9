"""A finding: the result of one check, its consequence, and what to do about it."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["ok", "note", "warning", "broken"]

STATES: tuple[State, ...] = ("ok", "note", "warning", "broken")
"""From good to bad. A note is for information; a warning may cause trouble; what is broken does not
work."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check."""

    state: State
    about: str
    """The thing checked, such as `microphone`."""
    found: str
    """Its condition."""
    means: str = ""
    """The consequence for people who use the satellite."""
    remedy: str = ""
    """What to do: a command, a setting, or where to look."""
    area: str = ""
    """The area of the doctor that it belongs to; the examination fills it in."""


def ok(about: str, found: str) -> Finding:
    """Return a finding of something that works."""
    return Finding(state="ok", about=about, found=found)


def note(about: str, found: str, means: str = "", remedy: str = "") -> Finding:
    """Return a finding for information; nothing is wrong."""
    return Finding(state="note", about=about, found=found, means=means, remedy=remedy)


def warning(about: str, found: str, means: str, remedy: str) -> Finding:
    """Return a finding of something that works badly, or may stop working."""
    return Finding(state="warning", about=about, found=found, means=means, remedy=remedy)


def broken(about: str, found: str, means: str, remedy: str) -> Finding:
    """Return a finding of something that does not work."""
    return Finding(state="broken", about=about, found=found, means=means, remedy=remedy)
