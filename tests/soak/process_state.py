"""Resources of a process: memory, tasks, threads, descriptors; and their growth."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import threading
import time

import msgspec
import psutil

IDLE = 0.1
"""CPU cores that an idle process may use."""


class ProcessState(msgspec.Struct, frozen=True):
    """The resources of a process."""

    rss: float
    """Megabytes."""
    tasks: int
    threads: int
    descriptors: int
    busy: float
    """CPU cores in use while there are no requests."""


class Comparison(msgspec.Struct, frozen=True):
    """The resources before and after."""

    requests: int
    before: ProcessState
    after: ProcessState

    def problems(self, megabytes: float) -> list[str]:
        """The resources that have grown."""
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
    """Return the resources of this process, after returning free memory to the system."""
    before, began = psutil.Process().cpu_times(), time.monotonic()
    await asyncio.sleep(0.5)
    used = psutil.Process().cpu_times()
    busy = (sum(used[:2]) - sum(before[:2])) / (time.monotonic() - began)
    tasks = [task for task in asyncio.all_tasks() if not task.done()]
    return current_state(len(tasks), abs(round(busy, 3)))


def current_state(tasks: int, busy: float = 0.0) -> ProcessState:
    """Return the resources, with a number of tasks and a CPU load that were measured elsewhere."""
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
