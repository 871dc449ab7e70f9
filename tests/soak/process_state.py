"""What a process holds: memory, tasks, threads, descriptors; and what of it has grown."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import threading
import time

import msgspec
import psutil

IDLE = 0.1
"""CPU cores that a process with nothing to do may take."""


class ProcessState(msgspec.Struct, frozen=True):
    """What the process holds."""

    rss: float
    """Megabytes."""
    tasks: int
    threads: int
    descriptors: int
    busy: float
    """CPU cores at work while nobody asks for anything."""


class Comparison(msgspec.Struct, frozen=True):
    """Before and after."""

    requests: int
    before: ProcessState
    after: ProcessState

    def problems(self, megabytes: float) -> list[str]:
        """What is held that was not before."""
        grown = [
            f"{name}: {getattr(self.before, name)} before, {getattr(self.after, name)} after"
            for name in ("tasks", "threads", "descriptors")
            if getattr(self.after, name) > getattr(self.before, name)
        ]
        if self.after.busy > IDLE:
            grown.append(f"work: {self.after.busy:.2f} cores are busy with nothing")
        more = self.after.rss - self.before.rss
        return [*grown, *([f"memory: {more:.1f} MB more"] if more > megabytes else [])]


async def idle_state() -> ProcessState:
    """What this process holds, without what the allocator keeps for later."""
    before, began = psutil.Process().cpu_times(), time.monotonic()
    await asyncio.sleep(0.5)
    used = psutil.Process().cpu_times()
    busy = (sum(used[:2]) - sum(before[:2])) / (time.monotonic() - began)
    tasks = [task for task in asyncio.all_tasks() if not task.done()]
    return current_state(len(tasks), abs(round(busy, 3)))


def current_state(tasks: int, busy: float = 0.0) -> ProcessState:
    """The same, with so many tasks and so much to do."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    process = psutil.Process()
    return ProcessState(
        rss=process.memory_info().rss / 1e6,
        tasks=tasks,
        threads=threading.active_count(),
        descriptors=process.num_fds(),
        busy=busy,
    )
