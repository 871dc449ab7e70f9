"""A phone on another machine of the network, with what the terminal says and nothing else."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from satellite.http.certificate import colons
from satellite.net.pairing.identity import fingerprint
from tests.support.netns import Namespace, namespaces

__all__ = ["namespaces"]


def environment(place: Path) -> dict[str, str]:
    folders = {f"XDG_{kind}_HOME": str(place / kind) for kind in ("DATA", "STATE", "CONFIG")}
    return {**os.environ, **folders, "HOME": str(place), "PYTHONUNBUFFERED": "1"}


@contextmanager
def running(machine: Namespace, place: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [*machine.prefix, sys.executable, "-m", "satellite", *words]
    process = subprocess.Popen(
        command,
        env=environment(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def until(process: subprocess.Popen[str], mark: str) -> str:
    """Read what a program prints until a line with a mark, and return it."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if mark in line:
            return "".join(lines)
    raise AssertionError(f"no {mark!r} in {''.join(lines)}")


def curl(machine: Namespace, *words: str) -> str:
    """Return what curl prints, the status at the end."""
    command = [*machine.prefix, "curl", "-sS", "-m", "10", "-w", " %{http_code}", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout


def test_from_a_server_to_a_phone(namespaces: tuple[Namespace, Namespace], tmp_path: Path) -> None:
    laptop, phone = namespaces
    jar, trusted = tmp_path / "cookies", tmp_path / "trusted.pem"
    served = ("--server", "tts", "--tts", "espeak", "--no-zeroconf")
    with running(laptop, tmp_path, *served) as server:
        until(server, "programs can use this server")
        assert curl(phone, f"http://{laptop.address}:10790/").endswith(" 000"), "this machine only"
        with running(laptop, tmp_path, "page") as shown:
            text = until(shown, "The code is") + until(shown, "fingerprint is")
            digits = until(shown, ":").strip() + until(shown, ":").strip()
            code = re.search(r"The code is (\d{4} \d{4})", text)
            (at,) = re.findall(rf"https://{re.escape(laptop.address)}:\d+", text)
            name = re.search(r"https://([\w-]+\.local:\d+)", text)
            assert code is not None
            plain = at.replace("https", "http")
            explained = curl(phone, "-H", "Accept: text/html", plain)
            assert f'href="{at}/"' in explained

            presented = subprocess.run(
                [*phone.prefix, "openssl", "s_client", "-connect", at.partition("//")[2]],
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=20,
            ).stdout
            begin, end = presented.index("-----BEGIN"), presented.index("-----END")
            trusted.write_text(f"{presented[begin:end]}-----END CERTIFICATE-----\n")
            der = ssl.PEM_cert_to_DER_cert(trusted.read_text())
            assert colons(fingerprint(der)) == digits, "what a person compares"

            safe = ("--cacert", str(trusted), "-c", str(jar), "-b", str(jar))
            assert curl(phone, *safe, f"{at}/readyz").endswith(" 401")
            body = f'{{"code": "{code[1]}"}}'
            assert curl(phone, *safe, "-d", body, f"{at}/api/login").endswith(" 200")
            assert "has logged in" in until(shown, "has logged in")
        assert curl(phone, *safe, f"{at}/readyz").endswith(" 200")
        if name is not None:
            host, _, port = name[1].partition(":")
            resolved = ("--resolve", f"{host}:{port}:{laptop.address}")
            answer = curl(phone, *safe, *resolved, f"https://{host}:{port}/api/login")
            assert answer.endswith(" 200"), "the certificate is valid for the .local name, too"
        evil = ("-H", "Origin: https://evil.example")
        assert curl(phone, *safe, *evil, f"{at}/readyz").endswith(" 403")
        assert curl(phone, *safe, "-H", "Host: evil.example", f"{at}/readyz").endswith(" 403")

        revoke = [*laptop.prefix, sys.executable, "-m", "satellite", "page", "--revoke", "all"]
        subprocess.run(revoke, env=environment(tmp_path), check=True, timeout=30)
        end_by = time.monotonic() + 10
        while not curl(phone, *safe, f"{at}/readyz").endswith((" 401", " 000")):
            assert time.monotonic() < end_by
