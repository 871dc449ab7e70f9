"""The end of an open TLS connection whose peer is no longer trusted."""

from __future__ import annotations

import asyncio
import logging

from satellite.net.pairing.errors import KeysUnusable
from satellite.net.pairing.identity import Identity, identity_stamp, read_identity
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.known_peers import KnownPeer, KnownPeers

_LOGGER = logging.getLogger(__name__)

CHECK = 1.0
"""Seconds between two checks: two `stat` calls for each open connection. Any process may forget a
machine, so only their files can be watched."""


class TrustWatch:
    """Aborts one connection as soon as its peer is forgotten, or the key of either side is
    replaced.

    It ends with the connection. Keys that cannot be read, or that other users can change, are not
    trusted.
    """

    def __init__(
        self, keys: KeyStore, me: Identity, peer: KnownPeer, writer: asyncio.StreamWriter
    ) -> None:
        """The connection of `writer` was made with the key of `me`, and `peer` has proved its
        own."""
        self._keys, self._me, self._peer = keys, me, peer
        self._peers = KnownPeers(keys)
        self._writer = writer
        self._stamp: object = None

    def start(self) -> None:
        """Check now, and then regularly."""
        self._check()

    def _check(self) -> None:
        transport = self._writer.transport
        if transport.is_closing():
            return
        if reason := self._distrust():
            name = self._peer.name
            _LOGGER.warning("pairing: %s %s: its open connection was ended", name, reason)
            transport.abort()
            return
        asyncio.get_running_loop().call_later(CHECK, self._check)

    def _distrust(self) -> str:
        """Return why the peer is no longer trusted; empty if it is."""
        stamp = (self._peers.stamp, identity_stamp(self._keys))
        if stamp == self._stamp:
            return ""
        try:
            known = self._peers.all()
            me = read_identity(self._keys)
        except KeysUnusable as error:
            return f"cannot be verified any longer ({error})"
        if me is None or me.fingerprint != self._me.fingerprint:
            return "knows a key of this machine that was replaced"
        if all(peer.fingerprint != self._peer.fingerprint for peer in known):
            return "is no longer paired with this machine"
        self._stamp = stamp
        return ""
