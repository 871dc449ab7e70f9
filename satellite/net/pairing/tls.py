"""TLS 1.3 between paired machines: each proves its key, and no other key is accepted.

Certificates are self-signed: a machine that presents exactly the one that was exchanged at pairing,
and has its key, is the paired machine. The requested role is the protocol that the client names
(ALPN, RFC 7301), so that one port serves all roles. The server name that it sends (SNI) is a prefix
of its key's fingerprint: TLS libraries do not report which key they refused, and the log should.
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
from satellite.net.pairing.trust_watch import TrustWatch
from satellite.net.uri import Tls
from satellite.text.reason_of import reason_of

HANDSHAKE = 8.0
"""Seconds for the handshake of a client: a Raspberry Pi Zero takes one."""
_PREFIX = "satellite-"
_PREFIX_DIGITS = 32
"""Hexadecimal digits of a fingerprint in the server name, which may have 63 bytes (RFC 1035)."""


def protocol(role: str) -> str:
    """Return the name of a role's protocol in the handshake."""
    return _PREFIX + role


def role_of(protocol: str | None) -> str:
    """Return the role of a protocol; empty if it is not one of ours."""
    return (protocol or "").removeprefix(_PREFIX)


async def open_tls(
    address: Tls, limit: int, pairing: Pairing
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the paired machine at an address; send nothing to any other.

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
        server_hostname=f"{me.fingerprint[:_PREFIX_DIGITS]}.satellite",
    )
    try:
        peer = policy.verify(pairing, address.host, presented(writer))
    except BaseException:
        writer.transport.abort()
        raise
    TrustWatch(pairing.keys, me, peer, writer).start()
    return reader, writer


def presented(writer: asyncio.StreamWriter) -> str:
    """Return the fingerprint of the certificate whose key the other side has proved to have."""
    secure = writer.get_extra_info("ssl_object")
    certificate = secure.getpeercert(binary_form=True) if secure is not None else None
    return fingerprint(certificate or b"")


def client_context(me: Identity | None, *protocols: str) -> ssl.SSLContext:
    """Return the TLS of a client. It proves the key of the server without judging it: see
    `presented`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if me is not None:
        context.load_cert_chain(me.file)
    context.set_alpn_protocols(list(protocols))
    return context


def server_context(me: Identity, *protocols: str) -> ssl.SSLContext:
    """Return the TLS of a server, which accepts any client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0  # a forgotten machine cannot resume its session
    context.load_cert_chain(me.file)
    context.set_alpn_protocols(list(protocols))
    return context


class TlsGate:
    """Performs the handshake with clients, and admits paired machines only."""

    def __init__(self, folder: KeyStore, *roles: str) -> None:
        """`folder` stores the keys of this machine and of the paired ones."""
        self._folder = folder
        self._protocols = [protocol(role) for role in roles]

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        """Perform the handshake with a client; return its name.

        Raises `NotPaired`, `KeyChanged`, `BadFrame` and `PeerClosed`.
        """
        host, port = writer.get_extra_info("peername")[:2]
        server_names: list[str] = []
        try:
            known = KnownPeers(self._folder).all()
            me = _own(self._folder)
            context = self._context(me, known, server_names)
            await writer.start_tls(context, ssl_handshake_timeout=HANDSHAKE)
            peer = KnownPeers(self._folder).check(host, presented(writer))
        except KeysUnusable as error:
            raise NotPaired(f"cannot admit clients: {error}") from error
        except ssl.SSLCertVerificationError as error:
            raise _refusal(host, known, server_names) from error
        except ssl.SSLError as error:
            if error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
                raise NotPaired(
                    f"{host} has presented no key: run `satellite pair` on both"
                ) from error
            raise BadFrame(f"{host} does not speak our TLS: {error.reason}") from error
        except OSError as error:
            raise PeerClosed(
                f"{host} hung up during the TLS handshake: {reason_of(error)}"
            ) from error
        TrustWatch(self._folder, me, peer, writer).start()
        return f"{peer.name} at tls://{host}:{port}"

    def _context(
        self, me: Identity, known: tuple[KnownPeer, ...], server_names: list[str]
    ) -> ssl.SSLContext:
        """Return the TLS of one connection: paired machines may have changed since the last one,
        and the server name that the client sends is added to `server_names`."""
        context = server_context(me, *self._protocols)
        context.verify_mode = ssl.CERT_REQUIRED
        for peer in known:
            context.load_verify_locations(cadata=peer.certificate)

        def note_name(_connection: object, name: str | None, _context: object) -> None:
            server_names.append((name or "").partition(".")[0][:_PREFIX_DIGITS])

        context.sni_callback = note_name
        return context


def _own(folder: KeyStore) -> Identity:
    me = read_identity(folder)
    if me is None:
        raise NotPaired("this machine is not paired with any other: run `satellite pair` on both")
    return me


def _refusal(host: str, known: tuple[KnownPeer, ...], server_names: list[str]) -> NotPaired:
    """Return the error for a client whose key is not paired, which `server_names` may identify."""
    claimed = "".join(c for c in "".join(server_names) if c in "0123456789abcdef")
    digits = claimed.ljust(_PREFIX_DIGITS, "0")
    before = next((peer for peer in known if peer.host == host), None)
    if before is not None:
        return key_changed(before, host, digits)
    paired = ", ".join(f"{peer.name} with {grouped(peer.fingerprint)}" for peer in known)
    return NotPaired(
        f"{host} claims the key {grouped(digits)}, which is not paired with this machine (paired: "
        f"{paired or 'none'}): run `satellite pair` on both"
    )
