"""What a sound server plays, as values, and what is asked of one."""

from __future__ import annotations

from typing import Protocol

import msgspec

FULL = 65536
"""The volume at which a stream is left as it is (`PA_VOLUME_NORM` of pulse/volume.h)."""

Volume = tuple[int, ...]
"""Loudness of each channel; `FULL` is as it came, and loudness goes with its third power."""


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a program plays."""

    id: int
    """The server's number of it, which is used once in the server's life."""
    program: str
    process: int | None
    """The program's process id, as far as it tells."""
    binary: str
    """File name of the program, as far as it tells."""
    memory: str
    """Under what the server remembers its volume for the next time; empty where it does not."""
    volume: Volume


class SoundServerError(Exception):
    """There is no sound server, or it does not answer."""


class Source(msgspec.Struct, frozen=True):
    """Where sound comes from: a microphone, or what a module makes of one."""

    name: str
    says: str
    """All that tells what it is: name, driver, description."""


class ServerDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A source or a sink of a sound server."""

    name: str
    """The server's own name of it, which stays the same from start to start."""
    description: str
    rate: int
    """Hz."""
    channels: int
    is_monitor: bool = False
    """Whether it is a source that repeats what a sink plays."""
    card: tuple[int, int] | None = None
    """Numbers of its ALSA card and device; None where it is no sound card."""


class SoundServer(Protocol):
    """What is needed of a sound server. Every method blocks, and raises `SoundServerError`."""

    def streams(self) -> list[Stream]:
        """What is played now, by whomever."""

    def set_volume(self, stream: int, volume: Volume) -> None:
        """Make a stream so loud; nothing, when it has ended meanwhile."""

    def remembered(self) -> dict[str, Volume]:
        """The volumes that streams to come will have, by `Stream.memory`; none where the server
        remembers none."""

    def remember(self, memory: str, volume: Volume) -> None:
        """Have a stream to come as loud as that."""

    def close(self) -> None:
        """Let go of the server. Twice is once."""
