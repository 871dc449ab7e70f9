"""Memory of large buffers is held for the next ones and returned on demand."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_ROUNDS = """
import ctypes, resource, sys, threading
from satellite.diagnostics.health.memory_limit import share_arenas
from servers.asr.malloc import give_back, keep_buffers
size, ended = int(sys.argv[2]), threading.Event()
if sys.argv[1] == "early":
    share_arenas()
    early = threading.Thread(target=lambda: [ended.wait(), turn()])
    early.start()  # as a model's threads, before buffers are kept
if sys.argv[1] != "usual":
    keep_buffers()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
def window():
    buffer = libc.malloc(size)
    libc.memset(buffer, 1, size)
    libc.free(buffer)
def turn():
    for _ in range(5):
        window()
def turns(count):
    for _ in range(count):
        thread = threading.Thread(target=turn)
        thread.start()
        thread.join()
turns(2)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
if sys.argv[1] == "early":
    ended.set()
    early.join()
else:
    turns(4)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
held = resident()
give_back()
print(held - resident())
"""


def measured(how: str, size: int = 40_000_000) -> tuple[int, int]:
    """Return the page faults of 20 buffers in four threads, and the returned bytes; `early`: of 5
    in a thread that was started before."""
    command = [sys.executable, "-c", _ROUNDS, how, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    faults, returned = map(int, done.stdout.split())
    return faults, returned


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc's mallopt")
def test_large_buffers_are_held_for_the_next_thread_and_returned() -> None:
    faults, returned = measured("kept")
    usual, nothing = measured("usual")
    assert faults < usual / 4
    assert returned > 30_000_000
    assert nothing < 10_000_000


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc's mallopt")
def test_the_largest_buffers_are_held_for_threads_of_before() -> None:
    """Attention over a window of Whisper base takes 72 MB, more than a part of another arena."""
    faults, returned = measured("early", 72_000_000)
    assert faults < 2000, "a buffer has 17,600 pages"
    assert returned > 60_000_000
