"""A real satellite whose clock is set: none at the start, then the right time, and jumps of it."""

from __future__ import annotations

import hashlib
import json
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.support.ports import free_ports
from tests.support.program import Program, satellite
from tests.support.set_clocks import DAY, SetClocks

pytestmark = pytest.mark.timeout(180)

MORNING = datetime(2026, 11, 30, 6, 59, tzinfo=UTC).timestamp()
SHOW = """
import sys
from pathlib import Path
from satellite.http.browsers import Browsers
from satellite.net.pairing.key_store import KeyStore
Browsers(KeyStore(Path(sys.argv[1]))).show(sys.argv[2])
"""
"""What `satellite page` does with a code."""


class Page:
    """The HTTP and HTTPS ports of a satellite."""

    def __init__(self, folder: Path, clocks: SetClocks) -> None:
        self.folder = folder
        self.clocks = clocks
        self.port, self.https = free_ports(2)
        self.cookie = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        http = ("--set", f"http.port={self.port}", "--set", f"http.https_port={self.https}")
        return (*http, "--set", f"pairing.folder={self.folder}")

    def call(self, method: str, path: str, body: object = None, *, secure: bool = False) -> Any:
        """Return the answer to a request, or its status if it is refused."""
        base = f"https://127.0.0.1:{self.https}" if secure else f"http://127.0.0.1:{self.port}"
        headers = {"Content-Type": "application/json", "Origin": base, "Cookie": self.cookie}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(base + path, data, headers, method=method)
        unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
        try:
            with urllib.request.urlopen(request, timeout=20, context=unchecked) as answer:
                if cookie := answer.headers["Set-Cookie"]:
                    self.cookie = cookie.partition(";")[0]
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code

    def show(self, code: str) -> None:
        subprocess.run(
            [sys.executable, "-c", SHOW, str(self.folder / "keys"), code],
            env={**self.clocks.environment, "PYTHONPATH": str(Path(__file__).parents[2])},
            check=True,
        )

    def log_in(self, code: str) -> Any:
        return self.call("POST", "/api/login", {"code": code}, secure=True)

    def certificate(self) -> tuple[bool, str]:
        """Return whether the certificate is valid now, and its fingerprint."""
        pem = ssl.get_server_certificate(("127.0.0.1", self.https)).encode()
        found = x509.load_pem_x509_certificate(pem)
        now = datetime.fromtimestamp(self.clocks.wall(), UTC)
        valid = found.not_valid_before_utc <= now <= found.not_valid_after_utc
        return valid, hashlib.sha256(pem).hexdigest()


def until(true: Any, what: str, seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def rings(program: Program, name: str) -> int:
    """Return how often a timer or an alarm has begun to ring."""
    all_ = [*program.events("timer"), *program.events("alarm")]
    return sum(event["name"] == name and event["state"] == "finished" for event in all_)


def test_a_satellite_that_starts_without_a_clock(tmp_path: Path) -> None:
    clocks = SetClocks(tmp_path, wall=60.0)
    page = Page(tmp_path, clocks)
    mic = tmp_path / "mic"
    mic.mkdir()
    devices = (
        *("--mic", f"command:{sys.executable} -m tests.support.microphone {mic}"),
        *("--speaker", "command:dd of=/dev/null bs=640 status=none"),
    )
    engines = ("--asr", "pocketsphinx", "--llm", "intents", "--tts", "espeak")
    off = ("--no-zeroconf", "--set", "homeassistant.listen=")
    with satellite(
        tmp_path, *devices, *engines, *off, *page.arguments, environment=clocks.environment
    ) as program:
        program.wait_for("ready", timeout=90)
        page.show("12345678")

        def logged_in() -> bool:
            try:
                return isinstance(page.log_in("12345678"), dict)
            except OSError:  # its port is opened within a second
                return False

        until(logged_in, "a log-in")
        page.show("87654321")
        page.call("POST", "/api/alarms", {"hour": 7, "minute": 0, "name": "wake me"})
        began = time.monotonic()
        page.call("POST", "/api/timers", {"seconds": 6, "name": "egg"})
        clocks.set(MORNING)
        assert isinstance(page.call("GET", "/api/state", secure=True), dict), "it is logged in"
        other = Page(tmp_path, clocks)
        other.https = page.https
        assert isinstance(other.log_in("87654321"), dict), "the code is valid for five minutes"
        until(lambda: page.certificate()[0], "a valid certificate")
        right = page.certificate()
        (alarm,) = page.call("GET", "/api/timers")["alarms"]
        assert alarm["at"] == "2026-11-30T07:00:00+00:00"

        until(lambda: rings(program, "egg") == 1, "the timer")
        assert time.monotonic() - began > 6.0, "no clock shortens a timer"
        page.call("POST", "/api/stop")
        clocks.set(MORNING + 59.0)
        until(lambda: rings(program, "wake me") == 1, "the alarm")
        page.call("POST", "/api/stop")

        for jump in (DAY, -3600.0, -DAY):
            clocks.step(jump)
            assert isinstance(page.call("GET", "/api/state", secure=True), dict)
        clocks.set(60.0)
        assert page.call("POST", "/api/ask", {"text": "what time is it"})["text"].startswith(
            "It is"
        )
        time.sleep(2.0)
        assert page.certificate() == (False, right[1]), "browsers trust that one"
        clocks.set(MORNING)
        clocks.suspend(7 * DAY)
        assert isinstance(page.call("GET", "/api/state", secure=True), dict)
        assert page.certificate() == right
        assert (rings(program, "egg"), rings(program, "wake me")) == (1, 1)
        assert "Traceback" not in program.errors()
