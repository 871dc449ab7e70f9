"""Wrong events at real ports: python -m tests.soak.fuzz --minutes 60 [--seed N] [--everything]

A `satellite --server` with the built-in engines, a satellite with Wyoming's port for Home Assistant
and one with ESPHome's, each a process of its own, receive corrupted streams from several clients at
once, which send, read, stop, reset and reconnect at random: at every Wyoming port, at the port of
paired machines, at ESPHome's in plain and encrypted, and at the HTTP port of a satellite. All the
time each port is asked to describe itself.
The run fails if a process ends, an answer takes longer than a second, a traceback is logged, or
memory grows. The last streams before a failure are saved beside the corpus.

With `--everything`, `tests.soak.fuzz_files` and `tests.attack.trust_fuzz` (pairing, names, the
datagrams of satellites) run at the same time, and their failures are failures.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gzip
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from satellite.errors import PeerClosed, PeerUnreachable, SatelliteError
from satellite.net.pairing import Pairing
from satellite.net.pairing.identity import ensure_identity
from satellite.net.pairing.key_store import KeyStore
from satellite.net.pairing.known_peers import KnownPeers
from satellite.net.remotes.describe import describe
from tests.soak import esphome_streams
from tests.soak.mutate import CORPUS, corrupted, mutated, streams
from tests.soak.stored_files import wav
from tests.soak.target import Target, started, waited_here
from tests.support.ports import free_ports

ROLES = ("asr", "llm", "tts", "wake")
TLS, HTTP, ESPHOME = "tls", "http", "esphome"
"""Kinds of ports that do not speak Wyoming, or only under TLS."""
OTHERS = ("tests.soak.fuzz_files", "tests.attack.trust_fuzz")
"""Fuzzers without ports of their own."""
AT_ONCE = 3
"""Clients at each port."""
ANSWER = 1.0
"""Seconds for the answer to `describe`, less those that a busy machine lets the server wait."""
PATIENCE = 120.0
"""Seconds for it that no busy machine excuses."""
SHOWN = 15.0
"""Seconds between two lines about memory."""
FLAT = 0.1
"""Part by which the memory of a process may grow from the first fifth of the time after the warm-up
to the last: a leak of a kilobyte per stream exceeds this in a quarter of an hour."""
SILENCE = bytes(2 * 16000 // 50)
"""20 ms of audio, as from a microphone in a quiet room."""


class Fuzz:
    """The clients, and their observations."""

    def __init__(self, targets: list[Target], seed: int) -> None:
        self.targets = targets
        self.random = random.Random(seed)
        self.sent = 0
        self.slowest = self.longest = 0.0
        self.busy = 0
        self.failures: list[str] = []
        self._last: deque[tuple[str, bytes]] = deque(maxlen=40)

    async def run(self, seconds: float) -> None:
        """Fuzz for a time, or until a failure."""
        began = time.monotonic()
        tasks = []
        for target in self.targets:
            for role, port in target.ports.items():
                tasks.append(asyncio.create_task(self._ask(target, role, port)))
                tasks += [asyncio.create_task(self._bother(role, port)) for _ in range(AT_ONCE)]
        shown = 0.0
        try:
            while time.monotonic() - began < seconds and not self.failures:
                await asyncio.sleep(1.0)
                now = time.monotonic() - began
                if now - shown >= SHOWN or not shown:
                    shown = now
                    self._show(now)
                self.failures += [p for target in self.targets if (p := target.problem())]
                self.failures += [str(t.exception()) for t in tasks if t.done() and t.exception()]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for target in self.targets:
            if (grown := target.growth()) is not None and grown.part > FLAT:
                self.failures.append(f"memory of {list(target.ports)} grew from {grown}")
        if self.failures:
            for number, (role, stream) in enumerate(self._last):
                (CORPUS / f"{role}-failure-{number:02}").write_bytes(stream)

    def _show(self, now: float) -> None:
        megabytes = " ".join(f"{target.measure():7.1f} MB" for target in self.targets)
        print(
            f"{now:6.0f} s {self.sent:8d} streams  {megabytes}  "
            f"slowest describe {self.slowest * 1000:5.0f} ms "
            f"({self.longest * 1000:.0f} with the machine's own delays), busy {self.busy} times",
            flush=True,
        )

    async def _ask(self, target: Target, role: str, port: int) -> None:
        """Let a port describe itself twice a second, if it does so in plain."""
        while role != TLS:
            began, waited = time.monotonic(), target.waited() + waited_here()
            try:
                await self._described(role, port)
            except (SatelliteError, TimeoutError) as error:
                self.failures.append(f"{role} did not answer: {error!r}")
            took = time.monotonic() - began
            self.longest = max(self.longest, took)
            took -= target.waited() + waited_here() - waited
            self.slowest = max(self.slowest, took)
            if took > ANSWER:
                self.failures.append(f"{role} took {took:.2f} s to say what it is")
            await asyncio.sleep(0.5)

    async def _described(self, role: str, port: int) -> None:
        """Repeat while the server is busy: on a busy machine it notices late that clients hung
        up."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await _PROBES.get(role, _describe)(port)
                    return
                except PeerClosed:
                    pass  # it had to make room, as this process was too slow to say anything
                except PeerUnreachable as error:
                    if "ask again later" not in str(error):
                        raise
                self.busy += 1
                await asyncio.sleep(0.05)

    async def _bother(self, role: str, port: int) -> None:
        """Send one corrupted stream after another."""
        corpus = streams("any" if role == TLS else role)
        while True:
            stream = self._stream(role, corpus)
            self._last.append((role, stream))
            try:
                async with asyncio.timeout(20):
                    await self._send(port, stream)
            except (OSError, TimeoutError, asyncio.IncompleteReadError):
                pass  # it hung up, as it may
            self.sent += 1

    def _stream(self, role: str, corpus: list[bytes]) -> bytes:
        """Return what the next client sends; nothing for one that has to be answered."""
        if role == HTTP:
            return _http(self.random)
        if role == ESPHOME:
            kinds = (esphome_streams.plain_stream, esphome_streams.lone_handshake, lambda _: b"")
            return self.random.choice(kinds)(self.random)
        return mutated(self.random, corpus)

    async def _send(self, port: int, stream: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        chance = self.random.random
        try:
            if not stream:
                await esphome_streams.encrypted(self.random, reader, writer)
            step = self.random.choice((1 << 20, 4096, 37))
            for start in range(0, len(stream), step):
                if writer.is_closing():
                    raise ConnectionResetError
                writer.write(stream[start : start + step])
                if step > 100 or chance() < 0.02:
                    await writer.drain()
            if chance() < 0.5:
                writer.write_eof()
            if chance() < 0.6:
                async with asyncio.timeout(self.random.choice((0.01, 0.1, 0.5))):
                    while await reader.read(65536):
                        pass
        finally:
            if chance() < 0.3:  # a reset in place of an end
                sock = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


async def _describe(port: int) -> None:
    await describe(f"tcp://127.0.0.1:{port}", PATIENCE, PATIENCE, pairing=Pairing())


async def _probe(port: int) -> None:
    """Ask an HTTP port for its health. Raises `PeerClosed` if it hangs up, as on too many."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            line = await reader.readline()
        finally:
            writer.transport.abort()
    except OSError as error:
        raise PeerClosed("it hung up") from error
    if not line.startswith(b"HTTP/1.1 200"):
        raise PeerClosed(f"it answered {line!r}")


async def _probe_esphome(port: int) -> None:
    if not await esphome_streams.answers(port):
        raise PeerClosed("it hung up")


_PROBES = {HTTP: _probe, ESPHOME: _probe_esphome}
"""How a port is asked that does not speak Wyoming."""


def _http(chance: random.Random) -> bytes:
    """Return a corrupted HTTP request."""
    bodies = (
        b"", b'{"muted": false}', b'{"level": 0.5}', b'{"text": "hello", "wait": false}',
        b'{"text": ' + b"[" * 5000, wav(), b'{"wav": "%s"}' % base64.b64encode(wav()),
        gzip.compress(bytes(1 << 20)), b"\xff" * 3000, b"5\r\nhello\r\n0\r\n\r\n",
    )  # fmt: skip
    paths = (
        "volume",
        "announce",
        "stop",
        "state",
        "turns",
        "timers",
        "../state",
        "say",
        "x" * 9000,
    )
    method, path = chance.choice(("GET", "POST", "PUT", "OPTIONS")), chance.choice(paths)
    body, headers = chance.choice(bodies), [("Host", "localhost")]
    extra = (
        ("Content-Type", "application/json"), ("Content-Type", "audio/wav"), ("Origin", "null"),
        ("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked"), ("Expect", "100-continue"),
        ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Authorization", "Bearer x"),
        ("Content-Length", "-1"), ("Content-Length", "99999999999999999999"), ("Range", "bytes=0-"),
    )  # fmt: skip
    headers += chance.sample(extra, chance.randrange(4))
    if chance.random() < 0.8:
        headers.append(("Content-Length", str(len(body))))
    place = chance.choice((f"/api/{path}", "/", "/events", "/metrics", "/healthz"))
    lines = [f"{method} {place} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    for _ in range(chance.choice((0, 0, 1, 3))):
        request = corrupted(chance, request)
    return request * chance.choice((1, 1, 1, 20))


def others(seconds: float) -> dict[str, subprocess.Popen[str]]:
    """Start the fuzzers without ports."""
    return {
        module: subprocess.Popen(
            [sys.executable, "-m", module, option, f"{length:.2f}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for module, option, length in zip(
            OTHERS, ("--minutes", "--seconds"), (seconds / 60, seconds), strict=True
        )
    }


def ended(running: dict[str, subprocess.Popen[str]], *, early: bool) -> Iterator[str]:
    """Wait for the other fuzzers, or end them `early`; print what they found, and yield their
    failures."""
    for module, process in running.items():
        if early:
            process.terminate()
        try:
            found, _ = process.communicate(timeout=PATIENCE * 3)
        except subprocess.TimeoutExpired:
            process.kill()
            yield f"{module} did not end"
            continue
        print(f"{module}:\n{found[-6000:]}")
        if process.returncode and not (early and process.returncode == -signal.SIGTERM):
            yield f"{module} failed"


def microphone() -> None:
    """Write silence to standard output in real time."""
    began, given = time.monotonic(), 0
    while True:
        sys.stdout.buffer.write(SILENCE)
        sys.stdout.buffer.flush()
        given += 1
        time.sleep(max(0.0, began + given / 50 - time.monotonic()))


def identity(folder: Path) -> None:
    """Pair the programs in a folder with one machine, so that the server opens its TLS port."""
    keys = KeyStore(folder / "satellite" / "keys")
    me = ensure_identity(keys, "room")
    KnownPeers(keys).add("cellar", "10.0.0.5", me.certificate)


def main() -> int:
    """Fuzz, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    parser.add_argument("--microphone", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help="folder for the logs")
    parser.add_argument(
        "--everything", action="store_true", help="files, pairing and datagrams at the same time"
    )
    parser.add_argument("--set", action="append", default=[], help="settings of the satellite")
    given = parser.parse_args()
    if given.microphone:
        microphone()
    print(f"seed {given.seed}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        *served, home, tls, http, api = free_ports(len(ROLES) + 4)
        ports = dict(zip(ROLES, served, strict=True))
        flags = [part for role in ROLES for part in (f"--{role}-port", str(ports[role]))]
        flags += ["--tls-port", str(tls)]
        identity(folder)
        device = folder / "device"
        device.mkdir(exist_ok=True)
        own = f"command:{sys.executable} -m tests.soak.fuzz --microphone"
        engines = ["--asr", "pocketsphinx", "--llm", "intents", "--tts", "espeak"]
        more = [part for pair in given.set for part in ("--set", pair)]
        with (
            started(
                folder, "server", {**ports, TLS: tls}, "--server", ",".join(ROLES), *flags,
                *engines, "--host", "127.0.0.1", "--set", "limits.per_address=64",  # all have one
            ) as server,
            started(
                folder, "satellite", {"satellite": home, HTTP: http}, "--mic", own, "--speaker",
                "command:dd of=/dev/null bs=640 status=none", "--listen", f"tcp://127.0.0.1:{home}",
                *engines, "--set", f"http.port={http}", "--set", "homeassistant.protocol=wyoming",
                *more,
            ) as satellite,
            started(
                device, "device", {ESPHOME: api}, "--mic", own, "--speaker",
                "command:dd of=/dev/null bs=640 status=none", *engines, "--set", "http.port=0",
                "--set", "homeassistant.protocol=esphome",
                "--set", f"homeassistant.esphome=tcp://127.0.0.1:{api}", *more,
            ) as esphome,
        ):  # fmt: skip
            fuzz = Fuzz([server, satellite, esphome], given.seed)
            running = others(given.minutes * 60) if given.everything else {}
            asyncio.run(fuzz.run(given.minutes * 60))
            fuzz.failures += ended(running, early=bool(fuzz.failures))
            growths = ", ".join(
                str(target.growth() or "not judged before eleven minutes")
                for target in fuzz.targets
            )
    print(f"{fuzz.sent} streams; slowest describe {fuzz.slowest * 1000:.0f} ms; memory {growths}")
    failures = dict.fromkeys(fuzz.failures)
    for failure in failures:
        print(f"FAILED: {failure}")
    print(f"VERDICT: {f'failed, {len(failures)} times' if failures else 'passed'}")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
