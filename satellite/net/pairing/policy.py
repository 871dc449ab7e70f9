"""Policy of pairing: which machines are trusted, and how others are refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from satellite.net.pairing import Pairing
from satellite.net.pairing.errors import KeyChanged, KeysUnusable, NotPaired
from satellite.net.pairing.known_peers import KnownPeer, key_changed
from satellite.net.uri import Tls

PORT_FACT = "tls"
"""Key of the TXT value with the port of TLS."""
KEY_FACT = "key"
"""Key of the TXT value with the fingerprint of the server's certificate."""
_ROLE_FACT = "role"


def verify(pairing: Pairing, host: str, presented: str) -> KnownPeer:
    """Return the paired machine whose key was presented at a host.

    Raises `KeyChanged`, which is also logged as an error, and `NotPaired`.
    """
    try:
        return pairing.peers.check(host, presented)
    except KeyChanged as error:
        _warn_key_changed(pairing, host, error)
        raise


def reachable_uris(
    pairing: Pairing,
    instance: str,
    facts: Mapping[str, str],
    hosts: Sequence[str],
    plain: tuple[str, ...],
) -> tuple[str, ...]:
    """Return the URIs of an announced service: of TLS if its machine is paired, otherwise `plain`.

    Any machine may announce any name. A paired machine is therefore never used without TLS or with
    another key, nor is an unpaired one where pairing is required. Whether the machine has the key
    whose fingerprint it announces is verified on connecting. Raises `KeyChanged` and `NotPaired`.
    """
    try:
        known = pairing.peers.all()
    except KeysUnusable as error:
        raise NotPaired(f"{instance} cannot be verified: {error}") from error
    port, key, role = (facts.get(name, "") for name in (PORT_FACT, KEY_FACT, _ROLE_FACT))
    paired = any(peer.fingerprint == key for peer in known)
    if paired and port.isdigit() and 0 < int(port) < 65536 and role.isalnum():
        return tuple(str(Tls(host, int(port), role)) for host in hosts)
    if role != "satellite":
        before = next((peer for peer in known if instance.startswith(f"{peer.name} ")), None)
        if before is not None and key and not paired:
            other = key_changed(before, hosts[0] if hosts else instance, key[:64])
            _warn_key_changed(pairing, instance, other)
            raise other
        if before is not None:
            raise NotPaired(f"{instance} is paired, but announces no TLS: it is not used")
        if pairing.required:
            raise NotPaired(
                f"{instance} is not paired, and pairing is required (--require-pairing): run "
                "`satellite pair` on both"
            )
    return plain


def _warn_key_changed(pairing: Pairing, name: str, error: KeyChanged) -> None:
    now = asyncio.get_running_loop().time()
    pairing.refusals.log(now, error.code, name, str(error), logging.ERROR)
