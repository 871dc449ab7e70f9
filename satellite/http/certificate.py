"""The certificate of HTTPS: one made with the key of pairing, or the user's own.

Browsers give a page the microphone over HTTPS only, and no authority signs certificates for names
and addresses of a LAN. So the certificate is signed by its own key, which is that of this machine
(`satellite.net.pairing.identity`): a browser warns once, and a person compares the fingerprint.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from satellite.errors import ConfigError
from satellite.lib.platform.clocks import BEGINNING
from satellite.net.discovery.addresses import IpAddress, adapters, is_virtual
from satellite.net.pairing.errors import KeysUnusable
from satellite.net.pairing.identity import Identity, ensure_identity
from satellite.net.pairing.key_store import KeyStore
from satellite.settings import HttpSettings
from satellite.text.reason_of import reason_of

_LOGGER = logging.getLogger(__name__)

_FILE = "https.pem"
"""The certificate, then its private key, as `ssl.SSLContext.load_cert_chain` reads them."""

LIFE = timedelta(days=397)
"""More is refused by browsers for certificates of authorities (Apple: 398 days)."""
BEFORE = timedelta(days=1)
"""Before it is made: clocks of phones differ."""
RENEW = timedelta(days=30)
"""Before its end."""

NEVER_SET = datetime.fromtimestamp(BEGINNING, UTC)
"""The clock shows an earlier time only where it does not know any."""

MOST = 16
"""Addresses: those of now, and of before, so that a laptop that comes home needs no new one."""

_DNS_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")


class Served(msgspec.Struct, frozen=True):
    """A certificate and its key."""

    certificate: Path
    key: Path | None
    """None if it is in the same file."""
    fingerprint: str
    """SHA-256 of the certificate (DER), as hexadecimal digits."""
    names: tuple[str, ...]
    """DNS names that it is valid for."""
    own: bool
    """Whether the user has named it."""

    def context(self) -> ssl.SSLContext:
        """Return the TLS of a server with it. Raises `ConfigError` for unusable files."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # with 1.3, a signature of the machine's key covers which certificate it is for
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise _unusable(self.certificate, self.key, error) from error
        return context


class _Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a certificate."""

    fingerprint: str
    names: tuple[str, ...]
    addresses: tuple[Any, ...]
    key: bytes
    """Its public key (DER)."""
    begin: datetime
    end: datetime

    def fits(
        self, key: bytes, now: datetime, names: Sequence[str], addresses: Sequence[IpAddress]
    ) -> bool:
        """Return whether it is for our key, valid for long enough, and for all names.

        IPv6 addresses come and go daily (RFC 8981), and each new certificate makes browsers warn
        again.
        """
        needed = {address for address in addresses if address.version == 4}
        unknown = now < NEVER_SET  # it would get another one at each start without a network
        valid = unknown or self.begin <= now <= self.end - RENEW
        named = set(names) <= set(self.names) and needed <= set(self.addresses)
        return valid and named and key == self.key


class HttpsCertificate:
    """The certificate of this machine, made and renewed as necessary."""

    def __init__(
        self,
        folder: KeyStore,
        name: str,
        settings: HttpSettings | None = None,
        *,
        addresses: Callable[[], Sequence[IpAddress]] | None = None,
        host: str | None = None,
    ) -> None:
        """`name` is that of the machine, for its key; `addresses` and `host` are its own by
        default."""
        self._folder = folder
        self._name = name
        self._settings = settings or HttpSettings()
        self._addresses = addresses or own_addresses
        self._host = host

    @property
    def named(self) -> bool:
        """Whether the user has named a certificate."""
        return bool(self._settings.certificate)

    def ensure(self, now: datetime | None = None) -> Served:
        """Return the certificate, making or renewing it if necessary. Blocks.

        Raises `KeysUnusable`, and `ConfigError` for one that the user has named.
        """
        if self.named:
            return self._own()
        moment = now or datetime.now(UTC)
        me = ensure_identity(self._folder, self._name)
        names, addresses = _names(self._host or socket.gethostname()), tuple(self._addresses())
        with self._folder.locked():
            known = self._read()
            if known is None or not known.fits(_public(me), moment, names, addresses):
                before = known.addresses if known is not None else ()
                unique = tuple(dict.fromkeys((*addresses, *before)))[:MOST]
                content = _make(self._name, me, max(moment, NEVER_SET), names, unique)
                self._folder.write(_FILE, content)
                known = _parsed(content)
        return Served(self._file, None, known.fingerprint, known.names, own=False)

    @property
    def _file(self) -> Path:
        return self._folder.path / _FILE

    def _read(self) -> _Parsed | None:
        """Return the certificate that was made; None if there is none, or it is damaged."""
        content = self._folder.read(_FILE)
        if content is None:
            return None
        try:
            known = _parsed(content)
            Served(self._file, None, known.fingerprint, known.names, own=False).context()
        except Exception as error:  # of many types, for a file that is not as it was written
            _LOGGER.warning("HTTPS: %s is damaged, and made again: %s", self._file, error)
            return None
        return known

    def _own(self) -> Served:
        from cryptography import x509
        from cryptography.exceptions import UnsupportedAlgorithm

        wanted = self._settings
        certificate = Path(wanted.certificate).expanduser()
        key = Path(wanted.key).expanduser() if wanted.key else None
        try:
            known = _parsed(certificate.read_bytes())
        except (OSError, ValueError, x509.DuplicateExtension, UnsupportedAlgorithm) as error:
            raise _unusable(certificate, None, error) from error
        served = Served(certificate, key, known.fingerprint, known.names, own=True)
        served.context()
        return served


def own_addresses() -> tuple[IpAddress, ...]:
    """Return the addresses by which browsers reach this machine, IPv4 first."""
    found = [address for name, address in adapters() if not is_virtual(name)]
    usable = [address for address in found if not address.is_link_local or address.version == 4]
    return tuple(sorted(usable, key=lambda address: (address.version, address.is_loopback)))


def colons(digits: str) -> str:
    """Return a fingerprint as browsers show it: `AB:CD:...`."""
    return ":".join(digits[start : start + 2] for start in range(0, len(digits), 2)).upper()


def _names(host: str) -> tuple[str, ...]:
    """Return the names of this machine that fit into a certificate."""
    called = host.lower()
    possible = (called, f"{called.partition('.')[0]}.local", "localhost")
    return tuple(dict.fromkeys(name for name in possible if _DNS_NAME.fullmatch(name)))


def _make(
    name: str,
    me: Identity,
    now: datetime,
    names: Sequence[str],
    addresses: Sequence[IpAddress],
) -> bytes:
    """Return the content of a file with a certificate and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = _key(me)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64] or "satellite")])
    usage = dict.fromkeys(
        (
            *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
            *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    alternatives = [
        *(x509.DNSName(called) for called in names),
        *(x509.IPAddress(address) for address in addresses),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEFORE)
        .not_valid_after(now - BEFORE + LIFE)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM) + bytes(private)


def _key(me: Identity) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(me.file.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise KeysUnusable(f"{me.file} contains no usable key: {reason_of(error)}") from error


def _public(me: Identity) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = _key(me).public_key()
    return bytes(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _parsed(content: bytes) -> _Parsed:
    """Return the facts of the first certificate in PEM. Raises `ValueError` and others."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    known = x509.load_pem_x509_certificate(content)
    try:
        found = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        found = x509.SubjectAlternativeName([])
    plain = (ipaddress.IPv4Address, ipaddress.IPv6Address)
    addresses = found.get_values_for_type(x509.IPAddress)
    return _Parsed(
        fingerprint=sha256(known.public_bytes(Encoding.DER)).hexdigest(),
        names=tuple(found.get_values_for_type(x509.DNSName)),
        addresses=tuple(address for address in addresses if isinstance(address, plain)),
        key=known.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        begin=known.not_valid_before_utc,
        end=known.not_valid_after_utc,
    )


def _no_password() -> str:
    """Raise for a key with a password, which OpenSSL would ask for at the terminal otherwise."""
    raise ValueError("its key has a password: store it without one")


def _unusable(certificate: Path, key: Path | None, error: Exception) -> ConfigError:
    files = f"{certificate} (http.certificate)" + (f", {key} (http.key)" if key else "")
    return ConfigError([f"HTTPS cannot use {files}: {reason_of(error)}"])
