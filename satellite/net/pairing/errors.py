"""Errors of pairing."""

from __future__ import annotations

from satellite.errors import SatelliteError, WireError


class NotPaired(WireError):
    """A machine has a key that is not paired with this machine, or no key."""

    code = "not-paired"


class KeyChanged(NotPaired):
    """A paired machine has another key: it is an impostor, or was reinstalled."""

    code = "key-changed"


class PairingFailed(WireError):
    """Two machines could not be paired; neither has stored the other."""

    code = "pairing"


class KeysUnusable(SatelliteError):
    """The key files of this machine cannot be read, or other users can read them."""

    code = "keys"
