"""Two machines agree on each other's keys, given a short code that a person carries between them.

They are connected by TLS, and neither knows whose TLS it is: somebody in the middle may speak with
both. So they prove to each other that they know the code, by SPAKE2 (RFC 9382's construction, as
the package `spake2` has it for magic-wormhole): who does not know the code learns nothing from an
exchange but whether the one code that he guessed was right, and cannot try others afterwards, as he
could if the code were only hashed. The proofs are made over the fingerprints of both certificates,
as each side sees them: where somebody in the middle shows another certificate, they differ.

    joining -> showing   pair-hello   name, certificate, SPAKE2 message
    showing -> joining   pair-hello   name, SPAKE2 message (the certificate is that of the TLS)
    joining -> showing   pair-proof   who does not know the code is found out here first
    showing -> joining   pair-proof

The package takes varying time over secrets; a code is used for minutes and thrown away.
"""

from __future__ import annotations

import hmac
import ssl
from hashlib import sha256
from typing import Any

import msgspec
from wyoming.error import Error
from wyoming.event import Event

from satellite.errors import PeerClosed, WireError
from satellite.net.pairing.errors import PairingFailed
from satellite.net.pairing.identity import fingerprint
from satellite.net.wire import Connection, Limits

LIMITS = Limits(header=4096, data=16384, payload=0, events=10.0, frame=5.0, write=5.0)
"""An exchange has four events, of at most a kilobyte."""
PROTOCOL = "satellite-pair"
"""What it is called in the TLS handshake."""

_NAME = 64
"""Most characters of a machine's name."""


class Party(msgspec.Struct, frozen=True):
    """One of the two machines."""

    name: str
    certificate: str
    """PEM."""

    @property
    def fingerprint(self) -> str:
        return fingerprint(ssl.PEM_cert_to_DER_cert(self.certificate))


class Hello(msgspec.Struct, frozen=True):
    """What each side says first."""

    name: str
    message: str
    certificate: str = ""


class _Proof(msgspec.Struct, frozen=True):
    proof: str


async def receive_hello(connection: Connection) -> Hello:
    """What the joining side says first. Raises `WireError`."""
    hello: Hello = await _receive(connection, "pair-hello", Hello)
    return hello


async def prove(connection: Connection, code: str, me: Party, hello: Hello) -> Party:
    """Exchange keys with whoever joins, as the side that shows the code; who it is.

    Raises `PairingFailed` when the other side does not know the code, `WireError` for a connection
    that ends or is not understood. Either has used up one try.
    """
    from spake2 import SPAKE2_B

    other = Party(printable(hello.name), _checked(hello.certificate))
    side = SPAKE2_B(code.encode(), other.fingerprint.encode(), me.fingerprint.encode())
    message = side.start()
    await connection.write(Event("pair-hello", {"name": me.name, "message": message.hex()}))
    key = _finish(side, hello.message)
    expected, ours = _proofs(key, other, me, hello.message, message.hex())
    theirs = await _receive(connection, "pair-proof", _Proof)
    if not hmac.compare_digest(theirs.proof, expected):
        text = "the code was wrong, or somebody in between has changed what was sent"
        await connection.write(Error(text, PairingFailed.code).event())
        raise PairingFailed(f"{other.name} at {connection.peer}: {text}")
    await connection.write(Event("pair-proof", {"proof": ours}))
    return other


async def join(connection: Connection, code: str, me: Party, certificate: bytes) -> Party:
    """Exchange keys with the machine that shows the code; `certificate` (DER) is that of its TLS.

    Raises `PairingFailed` where one side does not know the code, and other `WireError`s.
    """
    from spake2 import SPAKE2_A

    shown = ssl.DER_cert_to_PEM_cert(certificate)
    side = SPAKE2_A(code.encode(), me.fingerprint.encode(), fingerprint(certificate).encode())
    message = side.start().hex()
    facts = {"name": me.name, "certificate": me.certificate, "message": message}
    await connection.write(Event("pair-hello", facts))
    hello = await _receive(connection, "pair-hello", Hello)
    other = Party(printable(hello.name), shown)
    ours, expected = _proofs(_finish(side, hello.message), me, other, message, hello.message)
    await connection.write(Event("pair-proof", {"proof": ours}))
    theirs = await _receive(connection, "pair-proof", _Proof)
    if not hmac.compare_digest(theirs.proof, expected):
        raise PairingFailed(
            f"{connection.peer} does not know the code: it is not the machine that shows it, but "
            "somebody in between"
        )
    return other


def printable(text: str, longest: int = _NAME) -> str:
    """A text from elsewhere, most of all a name, as it may be shown in a terminal and in a log."""
    return "".join(c for c in text if c.isprintable()).strip()[:longest] or "unnamed"


def _proofs(key: bytes, joining: Party, showing: Party, *messages: str) -> tuple[str, str]:
    """What the joining and the showing side prove that they know the code by."""
    facts = (joining.name, joining.fingerprint, showing.name, showing.fingerprint, *messages)
    all_of_it = sha256(msgspec.json.encode(facts)).digest()
    first, second = (
        hmac.new(key, side + all_of_it, sha256).hexdigest() for side in (b"joining", b"showing")
    )
    return first, second


def _finish(side: Any, message: str) -> bytes:
    """The key that both sides have if their codes are the same."""
    try:
        key: bytes = side.finish(bytes.fromhex(message))
    except Exception as error:  # the package has no common base for what a message can do wrong
        raise PairingFailed(f"the other side does not follow SPAKE2: {error!r}") from error
    return key


def _checked(certificate: str) -> str:
    """A certificate as it is written, so that it can be read again wherever it is needed."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        made = x509.load_pem_x509_certificate(certificate.encode())
        return made.public_bytes(Encoding.PEM).decode()
    except ValueError as error:
        raise PairingFailed("the other side sent no certificate") from error


async def _receive(connection: Connection, kind: str, form: Any) -> Any:
    try:
        event = await connection.read()
    except PeerClosed:
        event = None
    if event is None:
        raise PairingFailed(f"{connection.peer} hung up before the pairing was done")
    if Error.is_type(event.type):
        raise PairingFailed(printable(str(event.data.get("text")), 400))
    try:
        if event.type == kind:
            return msgspec.convert(event.data, form)
    except msgspec.ValidationError as error:
        raise PairingFailed(f"{connection.peer} sent a {kind} that is malformed") from error
    raise WireError(f"{connection.peer} sent something else than {kind}")
