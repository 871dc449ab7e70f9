"""The certificate of HTTPS, checked by the real `ssl` module, by names and addresses."""

from __future__ import annotations

import asyncio
import ipaddress
import random
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from satellite.http.certificate import LIFE, RENEW, HttpsCertificate, Served, colons
from satellite.net.discovery.addresses import IpAddress
from satellite.net.pairing.identity import ensure_identity
from satellite.net.pairing.key_store import KeyStore

HOME = ipaddress.ip_address("192.168.1.20")
OTHER = ipaddress.ip_address("192.168.1.77")
LOOPBACK = ipaddress.ip_address("127.0.0.1")
NOW = datetime(2026, 11, 30, tzinfo=UTC)


class Place:
    """A machine whose addresses change."""

    def __init__(self, folder: Path, host: str = "den.lan") -> None:
        self.addresses: list[IpAddress] = [HOME, LOOPBACK]
        self.folder = KeyStore(folder / "keys")
        self.certificate = HttpsCertificate(
            self.folder, "den", addresses=lambda: self.addresses, host=host
        )


async def trusted(served: Served, name: str) -> bool:
    """Return whether a client that trusts the certificate is content with a name of its server."""
    finished = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        finished.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=served.context())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(served.certificate)
    async with server:
        port = server.sockets[0].getsockname()[1]
        try:
            _, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, server_hostname=name
            )
        except ssl.SSLCertVerificationError:
            return False
        writer.close()
        await finished.wait()
        return True


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("den.lan", True),
        ("den.local", True),
        ("localhost", True),
        ("127.0.0.1", True),
        ("192.168.1.20", True),
        ("den", False),
        ("evil.example", False),
        ("192.168.1.21", False),
    ],
)
async def test_it_is_valid_for_our_names_and_addresses_only(
    tmp_path: Path, name: str, good: bool
) -> None:
    served = Place(tmp_path).certificate.ensure()
    assert await trusted(served, name) is good


def test_it_has_the_key_of_pairing_and_is_private(tmp_path: Path) -> None:
    place = Place(tmp_path)
    served = place.certificate.ensure(NOW)
    me = ensure_identity(place.folder, "den")
    assert served.certificate.stat().st_mode & 0o777 == 0o600

    def public(file: Path) -> bytes:
        command = ["openssl", "x509", "-in", str(file), "-noout", "-pubkey"]
        return subprocess.run(command, check=True, capture_output=True).stdout

    assert public(served.certificate) == public(me.file)
    shown = subprocess.run(
        ["openssl", "x509", "-in", str(served.certificate), "-noout", "-fingerprint", "-sha256"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert shown.strip().lower().endswith(colons(served.fingerprint).lower())


def test_it_is_renewed_before_its_end_and_for_a_new_address(tmp_path: Path) -> None:
    place = Place(tmp_path)
    first = place.certificate.ensure(NOW)
    assert place.certificate.ensure(NOW + timedelta(days=300)) == first
    late = place.certificate.ensure(NOW + LIFE - RENEW)
    assert late.fingerprint != first.fingerprint
    early = place.certificate.ensure(NOW - timedelta(days=2))  # the clock was wrong
    assert early.fingerprint != late.fingerprint

    made = place.certificate.ensure(NOW)
    place.addresses = [OTHER, LOOPBACK, ipaddress.ip_address("fd00::7")]
    moved = place.certificate.ensure(NOW)
    assert moved.fingerprint != made.fingerprint
    place.addresses = [HOME, LOOPBACK, ipaddress.ip_address("fd00::99")]
    back = place.certificate.ensure(NOW)
    assert back == moved, "the address of before is in it, and IPv6 addresses change daily"


def test_it_is_made_again_with_a_new_key_or_a_damaged_file(tmp_path: Path) -> None:
    place = Place(tmp_path)
    first = place.certificate.ensure(NOW)
    first.certificate.write_bytes(b"damaged")
    second = place.certificate.ensure(NOW)
    second.context()
    whole = second.certificate.read_text()
    begin = whole.index("-----BEGIN PRIVATE")
    second.certificate.write_text(whole[:begin] + whole[begin:].replace("M", "x"))
    assert place.certificate.ensure(NOW).fingerprint != second.fingerprint, "only its key was"
    (place.folder.path / "key.pem").unlink()
    third = place.certificate.ensure(NOW)
    third.context()
    assert len({first.fingerprint, second.fingerprint, third.fingerprint}) == 3


def test_a_host_name_that_no_certificate_can_have_is_left_out(tmp_path: Path) -> None:
    for host in ("my_den", "dén", "-x", "a" * 70):
        served = Place(tmp_path, host).certificate.ensure(NOW)
        assert served.names == ("localhost",)


def test_a_file_with_any_damage_is_made_again(tmp_path: Path) -> None:
    place = Place(tmp_path)
    served = place.certificate.ensure(NOW)
    whole = served.certificate.read_bytes()
    rng = random.Random(7)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        served.certificate.write_bytes(bytes(damaged[: rng.randint(1, len(damaged))]))
        place.certificate.ensure(NOW).context()
