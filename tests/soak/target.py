"""Processes under test: starting and observing them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

WARM = 20_000
"""Streams after which engines and allocator have reached most of their lasting memory: a server has
110 MB at first, 224 MB after 13,000, 236 MB after 27,000, and 248 MB from 60,000 to 118,000."""


class Target:
    """A process with its ports."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, ports: dict[str, int]) -> None:
        self.process = process
        self.log = log
        self.ports = ports
        self.memory: list[tuple[int, float]] = []
        """Number of streams, and megabytes after them."""

    def problem(self) -> str:
        """The first failure so far, if any."""
        if (code := self.process.poll()) is not None:
            return f"ended with {code}"
        text = self.log.read_text(errors="replace")
        at = text.find("Traceback")
        return f"logged {text[max(0, at - 300) : at + 3000]}" if at >= 0 else ""

    def waited(self) -> float:
        """Seconds for which its event loop was ready to run and had no processor."""
        return waited(self.process.pid)

    def measure(self, streams: int) -> float:
        """Record and return its megabytes after a number of streams."""
        rss = psutil.Process(self.process.pid).memory_info().rss / 1e6
        self.memory.append((streams, rss))
        return rss

    def growth(self) -> float:
        """Megabytes gained from the first fifth of the streams, or `WARM` of them (the maximum), to
        the last fifth (the mean)."""
        most = self.memory[-1][0] if self.memory else 0
        warm = max(WARM, most * 0.2)
        early = [rss for streams, rss in self.memory if streams <= warm]
        late = [rss for streams, rss in self.memory if streams > max(warm, most * 0.8)]
        return sum(late) / len(late) - max(early) if early and late else 0.0


def waited_here() -> float:
    """Return the seconds for which this process was ready to run and had no processor."""
    return waited(os.getpid())


def waited(pid: int) -> float:
    """Return them for the first thread of a process (Linux,
    Documentation/scheduler/sched-stats.rst)."""
    try:
        told = Path(f"/proc/{pid}/task/{pid}/schedstat").read_text()
    except OSError:  # not Linux, or it has ended
        return 0.0
    return int(told.split()[1]) / 1e9


@contextmanager
def started(
    folder: Path, name: str, ports: dict[str, int], *arguments: str, module: str = "satellite"
) -> Iterator[Target]:
    """Run `satellite` during this block; it is ready when yielded.

    `module` is a program that prepares something and then runs `satellite`.
    """
    log, events = folder / f"{name}.log", folder / f"{name}.jsonl"
    events.unlink(missing_ok=True)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("SATELLITE_")},
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "OLLAMA_HOST": "127.0.0.1:9",
    }
    command = [sys.executable, "-m", module, *arguments, "--no-zeroconf"]
    command += ["--events", str(events), "--log-level", "warning"]
    with log.open("wb") as told:
        process = subprocess.Popen(command, env=environment, stdout=told, stderr=told)
    try:
        deadline = time.monotonic() + 60
        while not (events.exists() and '"ready"' in events.read_text()):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{name} did not start: {log.read_text()}")
            time.sleep(0.1)
        yield Target(process, log, ports)
    finally:
        process.terminate()
        try:
            code = process.wait(10)
            print(f"{name} stopped with {code}")
        except subprocess.TimeoutExpired:
            process.kill()
            print(f"{name} DID NOT STOP")
