"""What the echo canceller has learned of the room, kept over a restart."""

from __future__ import annotations

import re

import msgspec

from satellite.lib.persistence import StoredValue


class StoredPath(msgspec.Struct, frozen=True):
    """The path of the echo: float32 taps at 16 kHz, nothing where none is known; and by how many
    samples its delay grows with each sample, as `Clocks` has it."""

    taps: bytes = b""
    drift: float = 0.0


def stored_path(satellite: str) -> StoredValue[StoredPath]:
    """Where a satellite's is kept: another one of the same machine has its own."""
    name = re.sub(r"[^\w-]+", "_", satellite)[:64]
    return StoredValue(f"echo-{name}" if name else "echo", StoredPath, StoredPath())
