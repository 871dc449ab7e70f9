"""One announcement."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any, Literal

import msgspec

from satellite.errors import BadFrame, UsageError
from satellite.options import plain
from satellite.values import AudioChunk, Value

Priority = Literal["low", "normal", "high"]
"""`low` waits until all is quiet for a while, `normal` for a turn to end, `high` for nothing."""

Outcome = Literal["heard", "interrupted", "failed", "expired"]
"""What became of it: `interrupted` by a wake word, by "stop", or by what is more urgent."""

LONGEST = 2000
"""Characters of a text: two minutes of speech."""


class AnnouncementStyle(Value, frozen=True):
    """How something is announced."""

    priority: Priority = "normal"
    chime: bool = True
    """A sound goes before it."""
    voice: str | None = None


class Announcement(msgspec.Struct, frozen=True):
    """What is announced; `sound` makes it, when its time has come."""

    sound: Callable[[], AsyncGenerator[AudioChunk, None]]
    text: str = ""
    """What is said, where that is known."""
    manner: AnnouncementStyle = AnnouncementStyle()


def manner_of(data: dict[str, Any], context: str) -> AnnouncementStyle:
    """The manner that an event's `context` asks for. Raises `BadFrame`."""
    told = data.get("context")
    told = told.get(context) if isinstance(told, dict) else None
    try:
        return msgspec.convert(told if isinstance(told, dict) else {}, AnnouncementStyle)
    except msgspec.ValidationError as error:
        raise BadFrame(f"an announcement's context: {plain(str(error))}") from error


def text_of(text: object) -> str:
    """A text that can be announced. Raises `UsageError`."""
    if not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST:
        raise UsageError(f"a text to be announced has 1 to {LONGEST} characters")
    return text.strip()


def manner(facts: dict[str, Any]) -> AnnouncementStyle:
    """How a caller wants to have it announced. Raises `UsageError`."""
    try:
        return msgspec.convert(facts, AnnouncementStyle)
    except msgspec.ValidationError as error:
        raise UsageError(f"cannot announce it so: {plain(str(error))}") from error
