"""The echo path, stored over a restart."""

from __future__ import annotations

import msgspec

from satellite.lib.persistence import StoredValue


class StoredPath(msgspec.Struct, frozen=True):
    """The path of the echo: float32 taps at 16 kHz, empty while it is unknown; and the drift, in
    samples by which its delay grows with each sample (see `Clocks`)."""

    taps: bytes = b""
    drift: float = 0.0


def stored_path(satellite: str) -> StoredValue[StoredPath]:
    """Return the store of one satellite; others on the same machine have their own."""
    return StoredValue.for_satellite("echo", satellite, StoredPath, StoredPath())
