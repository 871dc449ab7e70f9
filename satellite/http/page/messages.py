"""Messages of a browser: JSON in text frames, distinguished by `type`.

Sound comes in binary frames of any size up to `LARGEST`: 16 kHz mono, 16-bit little-endian.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import msgspec

from satellite.errors import UsageError
from satellite.lib.decoding import Undecodable, from_json
from satellite.turns.session import Attention

TEXT = 2000
"""Characters of a request, as everywhere."""

LARGEST = 64 * 1024
"""Bytes of a frame: two seconds of sound, or the texts of a conversation."""

HISTORY = 20
"""Messages of the conversation before that a browser sends."""

Name = Annotated[str, msgspec.Meta(max_length=64)]
Text = Annotated[str, msgspec.Meta(max_length=TEXT)]
LongText = Annotated[str, msgspec.Meta(max_length=8000)]
Seconds = Annotated[float, msgspec.Meta(ge=-86400, le=86400)]
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class Up(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=lambda name: name.lower()
):
    """Base of every message."""


class Remark(msgspec.Struct, frozen=True):
    """One message of the conversation before."""

    role: Literal["user", "assistant"]
    text: LongText


class Set(Up, frozen=True):
    """Choices of the person; those that are missing stay as they are."""

    name: Name | None = None
    area: Name | None = None
    language: Name | None = None
    model: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    voice: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    speed: Annotated[float, msgspec.Meta(ge=0.5, le=2)] | None = None
    volume: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    attention: Attention | None = None
    speaks: bool | None = None
    """Whether the answers are heard, or only shown."""


class Hello(Set, frozen=True, kw_only=True):
    """The first message. `id` is a secret of the browser's tab, which finds its timers again."""

    id: Annotated[str, msgspec.Meta(min_length=16, max_length=64, pattern="^[0-9a-zA-Z-]+$")]
    history: Annotated[tuple[Remark, ...], msgspec.Meta(max_length=HISTORY)] = ()


class Ask(Up, frozen=True):
    """A written request."""

    text: Text


class Listen(Up, frozen=True):
    """A spoken request begins: the sound that follows, until `end`."""


class End(Up, frozen=True):
    """The spoken request ends."""


class Stop(Up, frozen=True):
    """End what is said, rung or worked on."""


class Clear(Up, frozen=True):
    """Forget the conversation."""


class Unmute(Up, frozen=True):
    """Open the microphone that was muted by a request."""


class Played(Up, frozen=True):
    """Samples of the sound since the last `hush` that were played so far.

    `epoch` is that of the `hush`; `gaps` counts the times that the sound ran out too early.
    """

    epoch: Count
    samples: Count
    gaps: Count = 0


class Timer(Up, frozen=True):
    """Change a timer or an alarm."""

    id: Annotated[str, msgspec.Meta(max_length=64)]
    action: Literal["cancel", "pause", "resume", "add"]
    seconds: Seconds = 0.0


Message = Hello | Set | Ask | Listen | End | Stop | Clear | Unmute | Played | Timer

_ANY: Any = Message


def read(text: str) -> Message:
    """Return the message of a text frame. Raises `UsageError`."""
    try:
        message: Message = from_json(text.encode(), _ANY)
    except (Undecodable, UnicodeEncodeError) as error:
        raise UsageError(f"not a message of the page: {error}") from error
    if isinstance(message, Timer) and not math.isfinite(message.seconds):
        raise UsageError("seconds: a number")
    return message
