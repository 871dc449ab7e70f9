"""Machines that know each other by their keys, and talk in TLS 1.3.

Every machine has one long-lived key with a certificate of its own making (`identity`). Pairing
(`exchange`, `offer`, `join`) lets two of them exchange their certificates under a short code;
`peers` remembers those, and `tls` speaks with nobody else. Nothing is made or read before it is
needed, and a machine that is paired with none has no key.
"""

from __future__ import annotations

from pathlib import Path

import platformdirs

from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.known_peers import KnownPeers
from satellite.settings import PairingSettings

_in_force = PairingSettings()


def use(settings: PairingSettings) -> None:
    """Let these settings hold in this process from now on."""
    global _in_force
    _in_force = settings


def required() -> bool:
    """Whether only paired machines are to be talked to."""
    return _in_force.required


def folder() -> KeyStore:
    """Where keys are kept."""
    named = _in_force.folder
    return KeyStore(Path(named or platformdirs.user_data_dir("satellite")) / "keys")


def peers() -> KnownPeers:
    """Who this machine is paired with."""
    return KnownPeers(folder())
