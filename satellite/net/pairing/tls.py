"""TLS 1.3 between paired machines: each proves its key, and no other key is accepted.

Certificates are not signed by anybody: who presents exactly the one that was exchanged at pairing,
and has its key, is the machine that was paired. The role that is wanted is the protocol that the
client names (ALPN, RFC 7301), so that one port serves all roles. The name that it names (SNI) is
the beginning of its key's fingerprint: TLS libraries do not tell which key they refused, and a
person should be told.
"""

from __future__ import annotations

import asyncio
import ssl

from satellite.errors import BadFrame, ConfigError, PeerClosed
from satellite.net.pairing import Pairing, policy
from satellite.net.pairing.errors import KeysUnusable, NotPaired
from satellite.net.pairing.identity import Identity, fingerprint, grouped, read_identity
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.known_peers import KnownPeer, KnownPeers, key_changed
from satellite.net.uri import Tls

HANDSHAKE = 8.0
"""Seconds for a client to shake hands: a Raspberry Pi Zero takes one."""
_PREFIX = "satellite-"
_KNOWN = 32
"""Hexadecimal digits of a fingerprint in the server name: 63 bytes are allowed (RFC 1035)."""


def protocol(role: str) -> str:
    """What the protocol of a role is called in the handshake."""
    return _PREFIX + role


def role_of(protocol: str | None) -> str:
    """The role of a protocol; empty for one that is not ours."""
    return (protocol or "").removeprefix(_PREFIX)


async def open_tls(
    address: Tls, limit: int, pairing: Pairing
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the paired machine at an address; nothing is sent to any other.

    Raises `KeyChanged`, `NotPaired`, `ConfigError` for an address without a role, and `OSError`s.
    """
    if not address.role:
        raise ConfigError([f"{address}: name the role, as in {address}/asr"])
    me = _own(pairing.keys)
    context = client_context(me, protocol(address.role))
    reader, writer = await asyncio.open_connection(
        address.host,
        address.port,
        limit=limit,
        ssl=context,
        server_hostname=f"{me.fingerprint[:_KNOWN]}.satellite",
    )
    try:
        policy.verified(pairing, address.host, presented(writer))
    except BaseException:
        writer.transport.abort()
        raise
    return reader, writer


def presented(writer: asyncio.StreamWriter) -> str:
    """The fingerprint of the certificate whose key the other side has proved to have."""
    secure = writer.get_extra_info("ssl_object")
    certificate = secure.getpeercert(binary_form=True) if secure is not None else None
    return fingerprint(certificate or b"")


def client_context(me: Identity | None, *protocols: str) -> ssl.SSLContext:
    """TLS as we begin it. The other side's key is proved but not judged: see `presented`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if me is not None:
        context.load_cert_chain(me.file)
    context.set_alpn_protocols(list(protocols))
    return context


def server_context(me: Identity, *protocols: str) -> ssl.SSLContext:
    """TLS as we answer it, to whoever comes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0  # who is forgotten cannot resume
    context.load_cert_chain(me.file)
    context.set_alpn_protocols(list(protocols))
    return context


class TlsGate:
    """Lets paired machines in."""

    def __init__(self, folder: KeyStore, *roles: str) -> None:
        """`folder` is where our key and those of the machines that may in are kept."""
        self._folder = folder
        self._protocols = [protocol(role) for role in roles]

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """Shake hands with a client; what to call it. Raises `NotPaired`, `KeyChanged`, `BadFrame`,
        `PeerClosed`."""
        host, port = writer.get_extra_info("peername")[:2]
        told: list[str] = []
        try:
            known = KnownPeers(self._folder).all()
            context = self._context(known, told)
            await writer.start_tls(context, ssl_handshake_timeout=HANDSHAKE)
            peer = KnownPeers(self._folder).check(host, presented(writer))
        except KeysUnusable as error:
            raise NotPaired(f"no client can be let in: {error}") from error
        except ssl.SSLCertVerificationError as error:
            raise _refusal(host, known, told) from error
        except ssl.SSLError as error:
            if error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
                raise NotPaired(f"{host} has shown no key: run `satellite pair` on both") from error
            raise BadFrame(f"{host} does not speak our TLS: {error.reason}") from error
        except OSError as error:
            raise PeerClosed(f"{host} went away while shaking hands: {error}") from error
        return f"{peer.name} at tls://{host}:{port}"

    def _context(self, known: tuple[KnownPeer, ...], told: list[str]) -> ssl.SSLContext:
        """One for each connection: whom it lets in may have changed, and it notes what was told."""
        context = server_context(_own(self._folder), *self._protocols)
        context.verify_mode = ssl.CERT_REQUIRED
        for peer in known:
            context.load_verify_locations(cadata=peer.certificate)

        def named(_connection: object, name: str | None, _context: object) -> None:
            told.append((name or "").partition(".")[0][:_KNOWN])

        context.sni_callback = named
        return context


def _own(folder: KeyStore) -> Identity:
    me = read_identity(folder)
    if me is None:
        raise NotPaired("this machine is not paired with any other: run `satellite pair` on both")
    return me


def _refusal(host: str, known: tuple[KnownPeer, ...], told: list[str]) -> NotPaired:
    """What is said of a client whose key is not known; `told` is what it says that key is."""
    digits = "".join(c for c in "".join(told) if c in "0123456789abcdef").ljust(_KNOWN, "0")
    before = next((peer for peer in known if peer.host == host), None)
    if before is not None:
        return key_changed(before, host, digits)
    paired = ", ".join(f"{peer.name} with {grouped(peer.fingerprint)}" for peer in known)
    return NotPaired(
        f"{host} claims the key {grouped(digits)}, which is not paired with this machine (paired: "
        f"{paired or 'none'}): run `satellite pair` on both"
    )
