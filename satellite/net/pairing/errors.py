"""What can be wrong between machines that should know each other."""

from __future__ import annotations

from satellite.errors import SatelliteError, WireError


class NotPaired(WireError):
    """A machine has a key that this one is not paired with, or none at all."""

    code = "not-paired"


class KeyChanged(NotPaired):
    """A machine that this one is paired with has another key now: it is somebody else, or anew."""

    code = "key-changed"


class PairingFailed(WireError):
    """Two machines could not be paired, and neither knows the other now."""

    code = "pairing"


class KeysUnusable(SatelliteError):
    """The files of this machine's keys cannot be read, or others could read them, too."""

    code = "keys"
