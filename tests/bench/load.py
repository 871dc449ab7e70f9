"""CPU time and memory of processes."""

from __future__ import annotations

import re
import time
from pathlib import Path

import msgspec
import psutil


class Load(msgspec.Struct, frozen=True):
    """CPU-seconds per second and megabytes of memory of several processes together."""

    cores: float
    pss: float
    rss: float


def measure(pids: list[int], seconds: float) -> Load:
    """Measure processes for `seconds`, without their children, such as microphone programs."""
    processes = [psutil.Process(pid) for pid in pids]
    before, began = _cpu(processes), time.monotonic()
    time.sleep(seconds)
    cores = (_cpu(processes) - before) / (time.monotonic() - began)
    return Load(cores, sum(map(pss, pids)), sum(p.memory_info().rss for p in processes) / 2**20)


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(times.user + times.system for times in (p.cpu_times() for p in processes))


def pss(pid: int) -> float:
    """Return a process's proportional share of memory in MiB: shared pages are divided."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0
