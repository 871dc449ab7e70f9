"""Policy of pairing: which machines are trusted, and how others are refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from satellite.net.pairing import Pairing, machine_names
from satellite.net.pairing.errors import KeyChanged, KeysUnusable, NotPaired
from satellite.net.pairing.known_peers import KnownPeer, key_changed
from satellite.net.uri import Tls
from satellite.text.whole_number import whole_number

PORT_FACT = "tls"
"""Key of the TXT value with the port of TLS."""
KEY_FACT = "key"
"""Key of the TXT value with the fingerprint of the server's certificate."""
_ROLE_FACT = "role"
SATELLITE = "satellite"
"""The announced role of satellites."""


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

    Any machine may announce any name, role and key. A paired machine is therefore never used
    without TLS or with another key, nor is one whose name is taken for that of a paired one (see
    `machine_names`), nor an unpaired one where pairing is required. Whether the machine has the key
    whose fingerprint it announces is verified on connecting. A satellite has no TLS: a machine that
    announces itself as one may be used as a satellite only. Raises `KeyChanged` and `NotPaired`.
    """
    known = _paired(pairing, instance)
    port, key, role = (facts.get(name, "") for name in (PORT_FACT, KEY_FACT, _ROLE_FACT))
    paired = any(peer.fingerprint == key for peer in known)
    number = whole_number(port) or 0
    if paired and 0 < number < 65536 and role.isascii() and role.isalnum():
        return tuple(str(Tls(host, number, role)) for host in hosts)
    if role != SATELLITE:
        name = machine_names.imitated(instance, (peer.name for peer in known))
        before = next((peer for peer in known if peer.name == name), None)
        if before is not None and key and not paired:
            other = key_changed(before, hosts[0] if hosts else instance, key[:64])
            _warn_key_changed(pairing, instance, other)
            raise other
        if before is not None:
            raise NotPaired(
                f"{instance} is not used: it announces no TLS, but has the name of {before.name}, "
                "which is paired with this machine"
            )
        if pairing.required:
            raise NotPaired(
                f"{instance} is not paired, and pairing is required (--require-pairing): run "
                "`satellite pair` on both"
            )
    return plain


def true_name(pairing: Pairing, instance: str, facts: Mapping[str, str]) -> str:
    """Return the name by which an announced service is known here.

    That is its own name, unless it announces the key of one paired machine and the name of another:
    then it is the name of the machine that has the key. Raises `NotPaired`.
    """
    known = _paired(pairing, instance)
    peer = next((peer for peer in known if peer.fingerprint == facts.get(KEY_FACT)), None)
    imitated = machine_names.imitated(instance, (other.name for other in known))
    if peer is None or imitated in (None, peer.name):
        return instance
    return f"{peer.name} {facts.get(_ROLE_FACT, '')}".strip()


def _paired(pairing: Pairing, instance: str) -> tuple[KnownPeer, ...]:
    try:
        return pairing.peers.all()
    except KeysUnusable as error:
        raise NotPaired(f"{instance} cannot be verified: {error}") from error


def _warn_key_changed(pairing: Pairing, name: str, error: KeyChanged) -> None:
    now = asyncio.get_running_loop().time()
    pairing.refusals.log(now, error.code, name, str(error), logging.ERROR)
