"""A thousand turns in one process: python -m tests.soak.turns [--turns 1000] [--seed 1]

A satellite with scripted engines that fail, hang, are slow and have bugs, on devices that
disappear, is spoken to, interrupted, stopped, muted and asked to announce: hours of it in minutes,
as its clock skips all waiting. Every turn must have exactly one outcome, the satellite must listen
after each, and memory, tasks, threads and file descriptors must stay flat. Exits 1 if they do not.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import sys
import threading
import time
from pathlib import Path

import msgspec

from tests.support import virtual_time
from tests.support.flaky_satellite import FlakySatellite

TROUBLE = 0.04
"""Probability that a call of an engine fails; a turn has about six calls."""

WARM = 0.2
"""Part of the turns after which all lasting objects exist: a conversation, caches."""

GROWTH = 2.0
"""MB by which memory may grow after that: variation of the allocator."""


class State(msgspec.Struct, frozen=True):
    """The resources of the process."""

    memory: float
    """Resident, MB."""
    objects: int
    """Container objects of Python."""
    tasks: int
    threads: int
    files: int


def state() -> State:
    """Return the resources while nothing happens."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return State(
        memory=pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
        objects=len(gc.get_objects()),
        tasks=len(asyncio.all_tasks()),
        threads=threading.active_count(),
        files=len(os.listdir("/proc/self/fd")),
    )


async def soak(turns: int, seed: int, every: int) -> tuple[FlakySatellite, list[State]]:
    """Run turns; return the resources at the start, and after `every` turns each."""
    satellite = FlakySatellite(seed, TROUBLE)
    states = []
    async with satellite.open():
        while (ended := satellite.counted.total()) < turns:
            await satellite.turn()
            if ended // every < satellite.counted.total() // every:
                await asyncio.sleep(20.0)  # announcements are over
                satellite.timers.dismiss()  # which ring by a clock that does not jump
                await satellite.until(lambda: not satellite.timers.ringing)
                await asyncio.sleep(1.0)
                states.append(state())
    return satellite, states


def grown(states: list[State]) -> list[str]:
    """Return the resources that grew."""
    first, last = states[int(len(states) * WARM)], states[-1]
    found = [
        f"{name}: {getattr(first, name)} -> {getattr(last, name)}"
        for name in ("tasks", "threads", "files")
        if getattr(last, name) > getattr(first, name)
    ]
    if last.memory - first.memory > GROWTH:
        found.append(f"memory: {first.memory:.1f} -> {last.memory:.1f} MB")
    return found


async def _run(turns: int, seed: int) -> int:
    began, cpu = time.monotonic(), time.process_time()
    satellite, states = await soak(turns, seed, max(1, turns // 10))
    print(f"{'turns':>6} {'memory MB':>9} {'objects':>8} {'tasks':>6} {'threads':>7} {'files':>6}")
    for number, held in enumerate(states, 1):
        print(
            f"{number * max(1, turns // 10):6} {held.memory:9.1f} {held.objects:8} "
            f"{held.tasks:6} {held.threads:7} {held.files:6}"
        )
    outcomes = ", ".join(f"{kind} {count}" for kind, count in satellite.counted.most_common())
    print(f"{satellite.counted.total()} turns: {outcomes}")
    print("meanwhile:", ", ".join(f"{kind} {count}" for kind, count in satellite.did.most_common()))
    for engine in (satellite.asr, satellite.llm, satellite.tts):
        print(f"calls of {type(engine).__name__}: {engine!r}")
    virtual = asyncio.get_running_loop().time() / 3600
    spent = time.process_time() - cpu
    print(f"{virtual:.1f} hours in {time.monotonic() - began:.0f} s, {spent:.0f} s of them CPU")
    faults = [*satellite.faults, *grown(states)]
    for fault in faults[:20]:
        print("FAULT", fault)
    print(f"{len(faults)} faults")
    return 1 if faults else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--turns", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)  # troubles by the thousand, as ordered
    sys.exit(virtual_time.run(_run(given.turns, given.seed)))


if __name__ == "__main__":
    main()
