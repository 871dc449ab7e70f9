"""Machines with keys of their own, in folders of the test."""

from __future__ import annotations

from pathlib import Path

from satellite.net.pairing import Pairing
from satellite.net.pairing.identity import Identity, ensure_identity
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.known_peers import KnownPeers
from satellite.settings import PairingSettings


class Machine:
    """One machine: its name, its key, and whom it knows."""

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
        """Let this machine know others as if they had been paired."""
        for other in others:
            self.peers.add(other.name, host, other.key.certificate)

    def renewed(self) -> None:
        """Installed anew: another key."""
        (self.folder.path / "key.pem").unlink()
        ensure_identity(self.folder, self.name)

    def pairing(self, *, required: bool = False) -> Pairing:
        """The pairing of a program that runs on this machine."""
        return Pairing(PairingSettings(folder=str(self.place), required=required))


def paired(place: Path) -> tuple[Machine, Machine]:
    """A server called den and a satellite called kitchen that know each other."""
    den, kitchen = Machine(place, "den"), Machine(place, "kitchen")
    den.knows(kitchen)
    kitchen.knows(den)
    return den, kitchen
