"""Memory of the machine and of this process, and the C library's policy for it."""

from __future__ import annotations

import ctypes
import mmap
import os
import subprocess
import sys
from pathlib import Path

_MIB = 1 << 20
_GUESS = 2048 * _MIB
"""Bytes of memory where the machine's cannot be found: that of the smallest with other systems."""


def used() -> int:
    """Return the bytes of memory that this process occupies (resident, proc_pid_statm(5)).

    Raises `OSError` where it cannot be read: everywhere but on Linux.
    """
    if sys.platform != "linux":
        raise OSError("this system has no /proc/self/statm")
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def of_machine() -> int:
    """Return the bytes of this machine's memory."""
    if sys.platform == "win32":
        return _of_windows()
    if sys.platform == "darwin":
        done = subprocess.run(["sysctl", "-n", "hw.memsize"], capture_output=True, check=False)
        text = done.stdout.decode().strip()
        return int(text) if text.isdecimal() else _GUESS
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def set_policy(*parameters: tuple[int, int]) -> bool:
    """Set parameters of glibc's `mallopt` (<malloc.h>); return whether this C library has it."""
    library = _c_library()
    mallopt = getattr(library, "mallopt", None)  # musl has none
    if mallopt is None:
        return False
    for parameter, value in parameters:
        mallopt(parameter, value)
    return True


def give_back() -> None:
    """Return freed memory to the system, which glibc does not do by itself.

    Takes milliseconds; some tens of them for much memory.
    """
    trim = getattr(_c_library(), "malloc_trim", None)  # other C libraries have none
    if trim is not None:
        trim(0)


def release_pages(content: mmap.mmap) -> None:
    """Give back the memory of the pages read so far of a mapped file; Windows holds them."""
    if sys.platform != "win32":
        content.madvise(mmap.MADV_DONTNEED)


def _c_library() -> ctypes.CDLL | None:
    # Windows knows no library without a name
    return ctypes.CDLL(None) if sys.platform != "win32" else None


if sys.platform == "win32":

    class _Status(ctypes.Structure):
        """MEMORYSTATUSEX of <sysinfoapi.h>."""

        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            *((f"rest{number}", ctypes.c_ulonglong) for number in range(6)),
        )

    def _of_windows() -> int:
        status = _Status(length=ctypes.sizeof(_Status))
        if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return _GUESS
        return int(status.total)
