"""A sound server's streams and devices as values, and the interface by which it is used."""

from __future__ import annotations

from typing import Protocol

import msgspec

FULL = 65536
"""The volume at which a stream is left as it is (`PA_VOLUME_NORM` of pulse/volume.h)."""

Volume = tuple[int, ...]
"""Volume of each channel; `FULL` leaves it as it came, and loudness goes with the third power."""


class ServerStream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream that a program plays to, or records from, a sound server."""

    id: int
    """The server's number of it, used once in the server's life."""
    program: str
    process: int | None
    """The program's process id, where it is known."""
    binary: str
    """File name of the program; empty where it is unknown."""
    memory: str
    """The key under which the server remembers its volume; empty where it does not."""
    volume: Volume


class SoundServerError(Exception):
    """There is no sound server, or it does not answer."""


class SourceProperties(msgspec.Struct, frozen=True):
    """A source that is recorded: a microphone, or a module that processes one."""

    name: str
    properties: str
    """Name, driver, description and group of nodes, separated by blanks."""


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
    is_muted: bool = False
    volume: Volume = ()

    @property
    def percent(self) -> int:
        """The volume of the loudest channel, in percent of `FULL`."""
        return round(100 * max(self.volume, default=FULL) / FULL)


class ServerDefaults(msgspec.Struct, frozen=True):
    """The name of a sound server, and its default source and sink; None for a missing one."""

    server: str
    source: ServerDevice | None
    sink: ServerDevice | None


class SoundServer(Protocol):
    """The parts of a sound server that ducking uses. All methods block; all but `close` raise
    `SoundServerError`."""

    def streams(self) -> list[ServerStream]:
        """Return the streams that are played now, of every program."""

    def set_volume(self, stream: int, volume: Volume) -> None:
        """Set a stream's volume; do nothing when it has ended."""

    def remembered(self) -> dict[str, Volume]:
        """Return the volumes of future streams by `ServerStream.memory`; empty where the server
        remembers none."""

    def remember(self, memory: str, volume: Volume) -> None:
        """Set the volume of a future stream."""

    def close(self) -> None:
        """Disconnect. Idempotent."""
