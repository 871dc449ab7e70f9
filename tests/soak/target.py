"""Processes under test: starting and observing them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

WARM = 300.0
"""Seconds in which a process reaches most of its lasting memory; a shorter run than twice that
shows nothing about it.

Engines are loaded, the recognizers of other homes' names are held up to their bound (a server with
PocketSphinx: 73 MB at first, 255 MB after 10,000 streams and after 50,000), and the allocator gets
its arenas.
"""


class Target:
    """A process with its ports."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, ports: dict[str, int]) -> None:
        self.process = process
        self.log = log
        self.ports = ports
        self.memory: list[tuple[float, float]] = []
        """Seconds since the first reading, and megabytes then."""
        self._began = time.monotonic()

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

    def measure(self) -> float:
        """Record and return its megabytes."""
        rss = psutil.Process(self.process.pid).memory_info().rss / 1e6
        if not self.memory:
            self._began = time.monotonic()
        self.memory.append((time.monotonic() - self._began, rss))
        return rss

    def growth(self) -> Growth | None:
        """Return how its memory has grown since it was warm; None after too short a run."""
        return growth(self.memory)


class Growth(NamedTuple):
    """The mean megabytes of the first and of the last fifth of a run, without its warm-up."""

    before: float
    after: float

    @property
    def part(self) -> float:
        """The part of the first by which the last is more."""
        return self.after / self.before - 1 if self.before else 0.0

    def __str__(self) -> str:
        return f"{self.before:.1f} to {self.after:.1f} MB"


def growth(memory: Sequence[tuple[float, float]]) -> Growth | None:
    """Return the growth in readings of seconds and megabytes; None for too short a time."""
    if not memory or (end := memory[-1][0]) < 2 * WARM:
        return None
    fifth = (end - WARM) / 5
    early = [rss for when, rss in memory if WARM <= when <= WARM + fifth]
    late = [rss for when, rss in memory if when >= end - fifth]
    return Growth(statistics.mean(early or late), statistics.mean(late))


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
