"""Memory of large buffers is held for the next ones and returned on demand."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_ROUNDS = """
import ctypes, resource, sys, threading
from servers.asr.malloc import give_back, keep_buffers
if sys.argv[1] == "kept":
    keep_buffers()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
def window():
    buffer = libc.malloc(40_000_000)
    libc.memset(buffer, 1, 40_000_000)
    libc.free(buffer)
def turns(count):
    for _ in range(count):
        thread = threading.Thread(target=lambda: [window() for _ in range(5)])
        thread.start()
        thread.join()
turns(2)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
turns(4)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
held = resident()
give_back()
print(held - resident())
"""


def measured(how: str) -> tuple[int, int]:
    """Return the page faults of 20 buffers in four threads, and the returned bytes."""
    done = subprocess.run(
        [sys.executable, "-c", _ROUNDS, how], capture_output=True, text=True, check=True, timeout=60
    )
    faults, returned = map(int, done.stdout.split())
    return faults, returned


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc's mallopt")
def test_large_buffers_are_held_for_the_next_thread_and_returned() -> None:
    faults, returned = measured("kept")
    usual, nothing = measured("usual")
    assert faults < usual / 4
    assert returned > 30_000_000
    assert nothing < 10_000_000
