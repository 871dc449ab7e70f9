"""Whether a machine is the one that it says it is, and what is done when it is not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from satellite.net.pairing import Pairing
from satellite.net.pairing.errors import KeyChanged, KeysUnusable, NotPaired
from satellite.net.pairing.known_peers import KnownPeer, key_changed
from satellite.net.uri import Tls

PORT_FACT = "tls"
"""Key of the TXT value that tells the port of TLS."""
KEY_FACT = "key"
"""Key of the TXT value that tells the fingerprint of the server's certificate."""
_ROLE_FACT = "role"


def verified(pairing: Pairing, host: str, presented: str) -> KnownPeer:
    """The paired machine whose key was presented at a host.

    Raises `KeyChanged`, which the log tells as an error, and `NotPaired`.
    """
    try:
        return pairing.peers.check(host, presented)
    except KeyChanged as error:
        _warn_key_changed(pairing, host, error)
        raise


def places(
    pairing: Pairing,
    instance: str,
    facts: Mapping[str, str],
    hosts: Sequence[str],
    plain: tuple[str, ...],
) -> tuple[str, ...]:
    """Where to try a service that is announced: in TLS where its machine is paired, else `plain`.

    Anybody may announce anything. So a machine that was paired is not talked to without TLS, nor
    with another key; nor one that was not, where pairing is required. Raises `KeyChanged` and
    `NotPaired`. That it has the key whose fingerprint it announces is seen when it is connected to.
    """
    try:
        known = pairing.peers.all()
    except KeysUnusable as error:
        raise NotPaired(f"{instance} cannot be known: {error}") from error
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
            raise NotPaired(f"{instance} was paired, but offers no TLS now: it is not used")
        if pairing.required:
            raise NotPaired(
                f"{instance} is not paired, and pairing is required (--require-pairing): run "
                "`satellite pair` on both"
            )
    return plain


def _warn_key_changed(pairing: Pairing, who: str, error: KeyChanged) -> None:
    now = asyncio.get_running_loop().time()
    pairing.refusals.tell(now, error.code, who, str(error), logging.ERROR)
