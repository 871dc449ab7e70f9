"""Machines with their own keys, in temporary folders."""

from __future__ import annotations

from pathlib import Path

from satellite.net.pairing import Pairing
from satellite.net.pairing.identity import Identity, ensure_identity
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.known_peers import KnownPeers
from satellite.settings import PairingSettings


class Machine:
    """One machine: its name, its key and its paired machines."""

    def __init__(self, place: Path, name: str) -> None:
        self.place = place / name
        self.name = name
        self.folder = KeyStore(self.place / "keys")
        ensure_identity(self.folder, name)

    @property
    def key(self) -> Identity:
        return ensure_identity(self.folder, self.name)

    @property
    def peers(self) -> KnownPeers:
        return KnownPeers(self.folder)

    def knows(self, *others: Machine, host: str = "127.0.0.1") -> None:
        """Store others as paired machines."""
        for other in others:
            self.peers.add(other.name, host, other.key.certificate)

    def renewed(self) -> None:
        """Replace its key, as a reinstallation does."""
        (self.folder.path / "key.pem").unlink()
        ensure_identity(self.folder, self.name)

    def pairing(self, *, required: bool = False) -> Pairing:
        """Return the pairing of a program on this machine."""
        return Pairing(PairingSettings(folder=str(self.place), required=required))


def paired(place: Path) -> tuple[Machine, Machine]:
    """Return a server called den and a satellite called kitchen that are paired."""
    den, kitchen = Machine(place, "den"), Machine(place, "kitchen")
    den.knows(kitchen)
    kitchen.knows(den)
    return den, kitchen
