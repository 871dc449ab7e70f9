"""The types of what controls a satellite, as its programs send and get them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from satellite.values import AlarmState, TimerState


class State(msgspec.Struct, frozen=True):
    """The state of a satellite, with more facts of its turns and servers."""

    name: str
    area: str | None
    phase: str
    muted: bool
    volume: float | None
    ringing: bool
    timers: tuple[TimerState, ...]
    alarms: tuple[AlarmState, ...]
    level: float = 0.0
    """Of the microphone's sound, 0 to 1."""


class Announced(msgspec.Struct, frozen=True):
    """A text or a sound to announce; as a WAV file, the others are parameters of the address."""

    text: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    wav: str | None = None
    """A WAV file in base64, in place of the text."""
    to: str | tuple[str, ...] = ()
    """Names or addresses of satellites, `here`, or `all`."""
    wait: bool = True
    """Whether to answer when it has been heard."""
    priority: Literal["low", "normal", "high"] = "normal"
    chime: bool = True
    title: str | None = None


class Outcomes(msgspec.Struct, frozen=True):
    """The outcome of an announcement by satellite: `heard`, `queued`, or what went wrong."""

    outcomes: dict[str, str]


class MuteRequest(msgspec.Struct, frozen=True):
    """Whether the microphone is to be closed; without it, that changes."""

    muted: bool | None = None


class Muted(msgspec.Struct, frozen=True):
    """Whether the microphone is closed."""

    muted: bool


class ReloadAnswer(msgspec.Struct, frozen=True):
    """The settings that are in use now, and those that take a restart."""

    changed: tuple[str, ...]
    restart: tuple[str, ...]


class VolumeRequest(msgspec.Struct, frozen=True):
    """The loudness."""

    level: Annotated[float, msgspec.Meta(ge=0, le=1)]


class Volume(msgspec.Struct, frozen=True):
    """The loudness."""

    volume: float
