"""Authenticated exchange of keys between two machines, by a short code that a person transfers.

The machines are connected by TLS, but do not know each other's certificates yet: an attacker in the
middle may talk to both. So they prove to each other that they know the code, by SPAKE2 (the
construction of RFC 9382, as implemented by the package `spake2` for magic-wormhole). An attacker
learns from an exchange only whether the one code that he guessed was right, and cannot test others
offline, as he could if the code were hashed. The proofs cover the fingerprints of both certificates
as each side sees them: they differ if an attacker in the middle presents another certificate.

    joining -> showing   pair-hello   name, certificate, SPAKE2 message
    showing -> joining   pair-hello   name, SPAKE2 message (its certificate is that of the TLS)
    joining -> showing   pair-proof   here a wrong code is detected first
    showing -> joining   pair-proof   with the phrases of the satellites' group
    joining -> showing   pair-group   its own phrases

The package is not constant-time; a code is used for minutes and discarded.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import ssl
from contextlib import suppress
from hashlib import sha256
from typing import Any

import msgspec
from wyoming.error import Error
from wyoming.event import Event

from satellite.errors import BadFrame, PeerClosed, WireError
from satellite.net.pairing.errors import PairingFailed
from satellite.net.pairing.identity import fingerprint
from satellite.net.wire import Connection, Limits

_LOGGER = logging.getLogger(__name__)

LIMITS = Limits(header=4096, data=16384, payload=0, events=10.0, frame=5.0, write=5.0)
"""An exchange has five events, of at most a kilobyte."""
PROTOCOL = "satellite-pair"
"""Name of the protocol in the TLS handshake (ALPN)."""

_NAME = 64
"""Longest name of a machine in characters."""
_LAST = 1.0
"""Seconds for the last message, which older versions do not send: they hang up instead."""
_IN_BETWEEN = "it is not the machine that shows the code, but an attacker in between"


class Malformed(PairingFailed):
    """The other side does not follow the protocol."""


class Party(msgspec.Struct, frozen=True):
    """One of the two machines."""

    name: str
    certificate: str
    """PEM."""
    phrases: tuple[str, ...] = ()
    """Its phrases of the satellites' group, which no other machine may learn."""

    @property
    def fingerprint(self) -> str:
        return fingerprint(ssl.PEM_cert_to_DER_cert(self.certificate))


class Hello(msgspec.Struct, frozen=True):
    """The first message of each side."""

    name: str
    message: str
    certificate: str = ""


class _Proof(msgspec.Struct, frozen=True):
    proof: str
    phrases: tuple[str, ...] = ()
    """Of the showing side only: the joining side has not verified the other one yet."""


class _Phrases(msgspec.Struct, frozen=True):
    phrases: tuple[str, ...] = ()


async def receive_hello(connection: Connection) -> Hello | None:
    """Receive the first message of the joining side; None if it hung up without one.

    Raises `WireError`.
    """
    event = await _read(connection)
    if event is None:
        return None
    hello: Hello = _converted(connection, event, "pair-hello", Hello)
    return hello


async def prove(connection: Connection, code: str, me: Party, hello: Hello) -> Party:
    """Exchange keys as the side that shows the code; return the joining machine.

    Every error uses up one try, whatever its type.

    Raises:
        PairingFailed: the other side does not know the code.
        WireError: the connection ended, or the other side violated the protocol.
    """
    from spake2 import SPAKE2_B

    other = Party(printable(hello.name), _checked(hello.certificate))
    side = SPAKE2_B(code.encode(), other.fingerprint.encode(), me.fingerprint.encode())
    message = side.start()
    await connection.write(Event("pair-hello", {"name": me.name, "message": message.hex()}))
    key = _finish(side, hello.message)
    expected, own = _proofs(key, other, me, hello.message, message.hex())
    theirs = await _receive(connection, "pair-proof", _Proof)
    if not _equal(theirs.proof, expected):
        text = "the code was wrong, or an attacker in between changed the messages"
        await connection.write(Error(text, PairingFailed.code).event())
        raise PairingFailed(f"{other.name} at {connection.peer}: {text}")
    await connection.write(Event("pair-proof", {"proof": own, "phrases": me.phrases}))
    return msgspec.structs.replace(other, phrases=await _receive_phrases(connection))


async def join(connection: Connection, code: str, me: Party, certificate: bytes) -> Party:
    """Exchange keys with the machine that shows the code; `certificate` (DER) is that of its TLS.

    Raises `PairingFailed` if either side does not know the code, and other `WireError`s.
    """
    from spake2 import SPAKE2_A

    shown = ssl.DER_cert_to_PEM_cert(certificate)
    side = SPAKE2_A(code.encode(), me.fingerprint.encode(), fingerprint(certificate).encode())
    message = side.start().hex()
    facts = {"name": me.name, "certificate": me.certificate, "message": message}
    await connection.write(Event("pair-hello", facts))
    try:
        hello = await _receive(connection, "pair-hello", Hello)
        other = Party(printable(hello.name), shown)
        own, expected = _proofs(_finish(side, hello.message), me, other, message, hello.message)
        await connection.write(Event("pair-proof", {"proof": own}))
        theirs = await _receive(connection, "pair-proof", _Proof)
        proven = _equal(theirs.proof, expected)
    except (Malformed, BadFrame) as error:
        raise PairingFailed(f"{error}: {_IN_BETWEEN}") from error
    if not proven:
        raise PairingFailed(f"{connection.peer} does not know the code: {_IN_BETWEEN}")
    with suppress(PeerClosed):  # an older version hangs up after its proof
        await connection.write(Event("pair-group", {"phrases": me.phrases}))
    return msgspec.structs.replace(other, phrases=theirs.phrases)


def printable(text: str, longest: int = _NAME) -> str:
    """Return a text from another machine in a form that is safe in terminals and logs."""
    return "".join(c for c in text if c.isprintable()).strip()[:longest] or "unnamed"


def _proofs(key: bytes, joining: Party, showing: Party, *messages: str) -> tuple[str, str]:
    """Return the proofs of the joining and of the showing side."""
    facts = (joining.name, joining.fingerprint, showing.name, showing.fingerprint, *messages)
    digest = sha256(msgspec.json.encode(facts)).digest()
    first, second = (
        hmac.new(key, side + digest, sha256).hexdigest() for side in (b"joining", b"showing")
    )
    return first, second


def _equal(shown: str, expected: str) -> bool:
    """Compare a peer's text with a secret one in constant time, as bytes: of `str`,
    `hmac.compare_digest` accepts ASCII only."""
    return hmac.compare_digest(shown.encode("utf-8", "surrogatepass"), expected.encode())


def _finish(side: Any, message: str) -> bytes:
    """Return the key that both sides share if their codes are equal."""
    try:
        key: bytes = side.finish(bytes.fromhex(message))
    except Exception as error:  # the package has no common base class for invalid messages
        raise Malformed("the other side sent no valid SPAKE2 message") from error
    return key


def _checked(certificate: str) -> str:
    """Return a certificate in canonical PEM. Raises `PairingFailed` if it is invalid."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        parsed = x509.load_pem_x509_certificate(certificate.encode())
        return parsed.public_bytes(Encoding.PEM).decode()
    except ValueError as error:
        raise Malformed("the other side sent no valid certificate") from error


async def _receive(connection: Connection, kind: str, form: Any) -> Any:
    event = await _read(connection)
    if event is None:
        raise PairingFailed(f"{connection.peer} hung up during the pairing")
    return _converted(connection, event, kind, form)


async def _receive_phrases(connection: Connection) -> tuple[str, ...]:
    """Return the phrases of the joining side; none from an older version, which sends none."""
    try:
        async with asyncio.timeout(_LAST):
            event = await connection.read()
        if event is not None and event.type == "pair-group":
            return msgspec.convert(event.data, _Phrases).phrases
    except (WireError, TimeoutError, msgspec.ValidationError):
        _LOGGER.debug("%s sent no phrases of the satellites' group", connection.peer)
    return ()


async def _read(connection: Connection) -> Event | None:
    try:
        return await connection.read()
    except PeerClosed:
        return None


def _converted(connection: Connection, event: Event, kind: str, form: Any) -> Any:
    if Error.is_type(event.type):
        raise PairingFailed(printable(str(event.data.get("text")), 400))
    if event.type != kind:
        raise Malformed(f"{connection.peer} sent no {kind}")
    try:
        return msgspec.convert(event.data, form)
    except msgspec.ValidationError as error:
        raise Malformed(f"{connection.peer} sent a malformed {kind}") from error
