"""The machines that this one is paired with."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

import msgspec

from satellite.lib.decoding import Undecodable, from_json
from satellite.net.pairing.errors import KeyChanged, KeysUnusable, NotPaired
from satellite.net.pairing.identity import fingerprint, grouped
from satellite.net.pairing.key_store import KeyStore

_FILE = "paired.json"
MOST = 256
"""Paired machines: more than a house has."""


class KnownPeer(msgspec.Struct, frozen=True, kw_only=True):
    """A paired machine."""

    name: str
    host: str
    """Its address at pairing, by which it is recognized if it presents another key."""
    certificate: str
    """PEM."""
    since: str
    """When it was paired, UTC, such as 2026-01-31T12:00:00."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its certificate, as hexadecimal digits."""
        return fingerprint(ssl.PEM_cert_to_DER_cert(self.certificate))


class KnownPeers:
    """The paired machines, in a file that all processes of the user share."""

    def __init__(self, folder: KeyStore) -> None:
        self.folder = folder

    @property
    def stamp(self) -> object:
        """A value that changes whenever a machine is paired or forgotten."""
        return self.folder.stamp(_FILE)

    def all(self) -> tuple[KnownPeer, ...]:
        """Return all paired machines, by name. Raises `KeysUnusable`."""
        content = self.folder.read(_FILE)
        try:
            return from_json(content, tuple[KnownPeer, ...]) if content else ()
        except Undecodable as error:
            path = self.folder.path / _FILE
            raise KeysUnusable(f"{path} is damaged ({error}): remove it and pair again") from error

    def add(self, name: str, host: str, certificate: str) -> KnownPeer:
        """Store a machine, replacing an entry with the same key; a second one of a name gets a
        number.

        Raises `KeysUnusable`.
        """
        since = datetime.now(UTC).isoformat(timespec="seconds").partition("+")[0]
        peer = KnownPeer(name=name, host=host, certificate=certificate, since=since)
        with self.folder.locked():
            others = [other for other in self.all() if other.fingerprint != peer.fingerprint]
            taken = {other.name for other in others}
            names = (name, *(f"{name} {number}" for number in range(2, MOST + 2)))
            peer = msgspec.structs.replace(peer, name=next(n for n in names if n not in taken))
            if len(others) >= MOST:
                raise KeysUnusable(f"{MOST} machines are paired: forget one first")
            self._write([*others, peer])
        return peer

    def forget(self, name: str) -> bool:
        """Forget a machine by its name; return whether it was paired. Raises `KeysUnusable`."""
        if self.folder.stamp(_FILE) is None:
            return False
        with self.folder.locked():
            known = self.all()
            left = [peer for peer in known if peer.name != name]
            if len(left) < len(known):
                self._write(left)
        return len(left) < len(known)

    def check(self, host: str, presented: str) -> KnownPeer:
        """Return the machine whose key has the fingerprint that was presented at an address.

        Raises:
            KeyChanged: another key is paired for that address.
            NotPaired: no key is paired for that address.
        """
        known = self.all()
        for peer in known:
            if peer.fingerprint == presented:
                return peer
        before = next((peer for peer in known if host in (peer.host, peer.name)), None)
        if before is not None:
            raise key_changed(before, host, presented)
        paired = ", ".join(f"{peer.name} with {grouped(peer.fingerprint)}" for peer in known)
        raise NotPaired(
            f"{host} has the key {grouped(presented)}, which this machine is not paired with "
            f"(paired: {paired or 'none'}): run `satellite pair` on both"
        )

    def _write(self, peers: list[KnownPeer]) -> None:
        ordered = sorted(peers, key=lambda peer: peer.name)
        self.folder.write(_FILE, msgspec.json.format(msgspec.json.encode(ordered)))


def key_changed(peer: KnownPeer, host: str, presented: str) -> KeyChanged:
    """Return the error for a machine that presents another key than it was paired with."""
    return KeyChanged(
        f"{peer.name} at {host} has another key: {grouped(presented)}, but it was paired with "
        f"{grouped(peer.fingerprint)}. It may be an impostor. If {peer.name} was reinstalled, "
        f"run `satellite pair --forget {peer.name}` here and pair them again"
    )
