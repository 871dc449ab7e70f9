"""Wrong events at real ports: python -m tests.soak.fuzz --minutes 60 [--seed N]

A `satellite --server` with the built-in engines, and a satellite with a port for Home Assistant,
each a process of its own, receive corrupted streams of the stored corpus from several clients at
once, which send, read, stop, reset and reconnect at random. All the time each port is asked to
describe itself. The run fails if a process ends, an answer takes longer than a second, a traceback
is logged, or memory grows. The last streams before a failure are saved beside the corpus.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import struct
import sys
import tempfile
import time
from collections import deque
from pathlib import Path

from satellite.errors import PeerClosed, PeerUnreachable, SatelliteError
from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import describe
from tests.soak.mutate import CORPUS, mutated, streams
from tests.soak.target import Target, started, waited_here
from tests.support.ports import free_ports

ROLES = ("asr", "llm", "tts", "wake")
AT_ONCE = 3
"""Clients at each port."""
ANSWER = 1.0
"""Seconds for the answer to `describe`, less those that a busy machine lets the server wait."""
PATIENCE = 120.0
"""Seconds for it that no busy machine excuses."""
SHOWN = 15.0
"""Seconds between two lines about memory."""
GROWTH = 40.0
"""Megabytes by which a process may grow from the first fifth of the streams to the last, as
allocators do not return all memory; a leak of a kilobyte per stream would exceed this in
minutes."""
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
            if (more := target.growth()) > GROWTH:
                self.failures.append(f"memory of {list(target.ports)} grew by {more:.1f} MB")
        if self.failures:
            for number, (role, stream) in enumerate(self._last):
                (CORPUS / f"{role}-failure-{number:02}").write_bytes(stream)

    def _show(self, now: float) -> None:
        megabytes = " ".join(f"{target.measure(self.sent):7.1f} MB" for target in self.targets)
        print(
            f"{now:6.0f} s {self.sent:8d} streams  {megabytes}  "
            f"slowest describe {self.slowest * 1000:5.0f} ms "
            f"({self.longest * 1000:.0f} with the machine's own delays), busy {self.busy} times",
            flush=True,
        )

    async def _ask(self, target: Target, role: str, port: int) -> None:
        """Let a port describe itself twice a second."""
        while True:
            began, waited = time.monotonic(), target.waited() + waited_here()
            try:
                await self._described(port)
            except (SatelliteError, TimeoutError) as error:
                self.failures.append(f"{role} did not answer: {error!r}")
            took = time.monotonic() - began
            self.longest = max(self.longest, took)
            took -= target.waited() + waited_here() - waited
            self.slowest = max(self.slowest, took)
            if took > ANSWER:
                self.failures.append(f"{role} took {took:.2f} s to say what it is")
            await asyncio.sleep(0.5)

    async def _described(self, port: int) -> None:
        """Repeat while the server is busy: on a busy machine it notices late that clients hung
        up."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await describe(f"tcp://127.0.0.1:{port}", PATIENCE, PATIENCE, pairing=Pairing())
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
        corpus = streams(role)
        while True:
            stream = mutated(self.random, corpus)
            self._last.append((role, stream))
            try:
                async with asyncio.timeout(20):
                    await self._send(port, stream)
            except (OSError, TimeoutError):
                pass  # it hung up, as it may
            self.sent += 1

    async def _send(self, port: int, stream: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        chance = self.random.random
        try:
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


def microphone() -> None:
    """Write silence to standard output in real time."""
    began, given = time.monotonic(), 0
    while True:
        sys.stdout.buffer.write(SILENCE)
        sys.stdout.buffer.flush()
        given += 1
        time.sleep(max(0.0, began + given / 50 - time.monotonic()))


def main() -> int:
    """Fuzz, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    parser.add_argument("--microphone", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help="folder for the logs")
    parser.add_argument("--set", action="append", default=[], help="settings of the satellite")
    given = parser.parse_args()
    if given.microphone:
        microphone()
    print(f"seed {given.seed}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        *served, home = free_ports(len(ROLES) + 1)
        ports = dict(zip(ROLES, served, strict=True))
        flags = [part for role in ROLES for part in (f"--{role}-port", str(ports[role]))]
        own = f"command:{sys.executable} -m tests.soak.fuzz --microphone"
        engines = ["--asr", "pocketsphinx", "--llm", "intents", "--tts", "espeak"]
        more = [part for pair in given.set for part in ("--set", pair)]
        with (
            started(
                folder, "server", ports, "--server", ",".join(ROLES), *flags, *engines,
                "--host", "127.0.0.1", "--set", "limits.per_address=64",  # all have one
            ) as server,
            started(
                folder, "satellite", {"satellite": home}, "--mic", own, "--speaker",
                "command:dd of=/dev/null bs=640 status=none", "--listen", f"tcp://127.0.0.1:{home}",
                *engines, *more,
            ) as satellite,
        ):  # fmt: skip
            fuzz = Fuzz([server, satellite], given.seed)
            asyncio.run(fuzz.run(given.minutes * 60))
            growths = ", ".join(f"{t.growth():+.1f} MB" for t in fuzz.targets)
    print(f"{fuzz.sent} streams; slowest describe {fuzz.slowest * 1000:.0f} ms; memory {growths}")
    for failure in dict.fromkeys(fuzz.failures):
        print(f"FAILED: {failure}")
    return bool(fuzz.failures)


if __name__ == "__main__":
    sys.exit(main())
