"""Pairing: machines that know each other by their keys, and communicate by TLS 1.3.

Every machine has one long-lived key with a self-signed certificate (`identity`). Pairing
(`exchange`, `offer`, `join`) exchanges the certificates of two machines under a short code;
`known_peers` stores them, and `tls` accepts no others. Nothing is created or read before it is
needed, and a machine without a paired one has no key.
"""

from __future__ import annotations

from pathlib import Path

from satellite.lib import paths
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.known_peers import KnownPeers
from satellite.net.refusals import Refusals
from satellite.settings import PairingSettings


class Pairing:
    """The pairing of one program with other machines, by its settings."""

    def __init__(self, settings: PairingSettings | None = None) -> None:
        """Without settings, the user's own keys are used and pairing is not required."""
        settings = settings or PairingSettings()
        self.required = settings.required
        """Whether only paired machines may be used."""
        folder = Path(settings.folder) if settings.folder else paths.data_folder()
        self.keys = KeyStore(folder / "keys")
        """This machine's key and the certificates of the others."""
        self.peers = KnownPeers(self.keys)
        self.refusals = Refusals("pairing")
        """Limits how often a changed key is logged."""
