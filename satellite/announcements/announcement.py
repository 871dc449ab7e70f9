"""Announcements and their style."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any, Literal

import msgspec

from satellite.errors import BadFrame, UsageError
from satellite.options import plain
from satellite.values import AudioChunk, Value

Priority = Literal["low", "normal", "high"]
"""`low` waits for a pause, `normal` for the end of a turn, `high` for nothing."""

Outcome = Literal["heard", "interrupted", "failed", "expired"]
"""Its outcome: `interrupted` by a wake word, by "stop", or by a more urgent announcement."""

LONGEST = 2000
"""Characters of the longest text: two minutes of speech."""


class AnnouncementStyle(Value, frozen=True):
    """The style of an announcement."""

    priority: Priority = "normal"
    chime: bool = True
    """Play a sound before it."""
    voice: str | None = None


class Announcement(msgspec.Struct, frozen=True):
    """An announcement; `sound` makes its audio when it is played, and `discard` frees what is held
    for it once it has ended, however it did. `discard` is idempotent."""

    sound: Callable[[], AsyncGenerator[AudioChunk, None]]
    text: str = ""
    """The text, if known."""
    style: AnnouncementStyle = AnnouncementStyle()
    discard: Callable[[], None] = lambda: None


def style_of_event(data: dict[str, Any], key: str) -> AnnouncementStyle:
    """Return the style under `key` in the context of an event's data. Raises `BadFrame`."""
    context = data.get("context")
    facts = context.get(key) if isinstance(context, dict) else None
    try:
        return msgspec.convert(facts if isinstance(facts, dict) else {}, AnnouncementStyle)
    except msgspec.ValidationError as error:
        raise BadFrame(f"an announcement's context: {plain(str(error))}") from error


def check_text(text: object) -> str:
    """Return a text, stripped, that can be announced. Raises `UsageError`."""
    if not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST:
        raise UsageError(f"a text to be announced has 1 to {LONGEST} characters")
    return text.strip()


def parse_style(facts: dict[str, Any]) -> AnnouncementStyle:
    """Return the style that a caller asks for. Raises `UsageError`."""
    try:
        return msgspec.convert(facts, AnnouncementStyle)
    except msgspec.ValidationError as error:
        raise UsageError(f"invalid announcement: {plain(str(error))}") from error
