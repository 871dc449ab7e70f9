"""The key and the certificate of this machine."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from satellite.net.pairing.errors import KeysUnusable
from satellite.net.pairing.key_store import KeyStore

_FILE = "key.pem"
"""The private key, then the certificate, as `ssl.SSLContext.load_cert_chain` reads them."""
_BEGIN = "-----BEGIN CERTIFICATE-----"
_FROM = datetime(1970, 1, 1, tzinfo=UTC)
"""A machine without a battery-backed clock starts in the past, and its peers must accept this."""
_UNTIL = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""No expiry (RFC 5280, 4.1.2.5): a pairing ends by `satellite pair --forget`."""


class Identity(msgspec.Struct, frozen=True):
    """The key of this machine and its certificate."""

    file: Path
    certificate: str
    """PEM; public."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate (DER), as hexadecimal digits."""
        return fingerprint(ssl.PEM_cert_to_DER_cert(self.certificate))


def identity_stamp(folder: KeyStore) -> object:
    """Return a value that changes whenever the key of this machine is replaced."""
    return folder.stamp(_FILE)


def fingerprint(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate (DER), as hexadecimal digits."""
    return sha256(certificate).hexdigest()


def grouped(digits: str) -> str:
    """Return the first 128 bits of a fingerprint in groups of four digits, for people to
    compare."""
    return " ".join(digits[start : start + 4] for start in range(0, 32, 4))


def read_identity(folder: KeyStore) -> Identity | None:
    """Return the identity of this machine, if it has one. Raises `KeysUnusable`."""
    content = folder.read(_FILE)
    if content is None:
        return None
    head, begin, rest = content.decode(errors="replace").partition(_BEGIN)
    if not head or not begin:
        raise KeysUnusable(
            f"{folder.path / _FILE} contains no key and certificate: remove it and pair again"
        )
    return Identity(folder.path / _FILE, begin + rest)


def ensure_identity(folder: KeyStore, name: str) -> Identity:
    """Return the identity of this machine, creating it if necessary. Raises `KeysUnusable`."""
    with folder.locked():
        if (known := read_identity(folder)) is not None:
            return known
        folder.write(_FILE, _create(name))
    made = read_identity(folder)
    assert made is not None
    return made


def _create(name: str) -> bytes:
    """Create a P-256 key, which every TLS library supports, and a self-signed certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64] or "satellite")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + certificate.public_bytes(Encoding.PEM)
