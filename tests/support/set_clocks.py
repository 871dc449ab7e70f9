"""Programs whose clocks a test sets: CLOCK_REALTIME and CLOCK_BOOTTIME, in every library (Linux).

A small library is compiled and preloaded (ld.so(8), LD_PRELOAD). CLOCK_MONOTONIC is left alone, as
by the kernel: setting the time and suspension do not change it.
"""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_name("set_clocks.c")
_OFFSETS = struct.Struct("dd")
DAY = 86400.0


class SetClocks:
    """The clocks of programs that run in `environment`."""

    def __init__(self, folder: Path, wall: float | None = None) -> None:
        """`wall` is what the wall clock shows first, Unix seconds. Skips the test where no library
        can be compiled or preloaded."""
        compiler = shutil.which("cc") or shutil.which("gcc")
        if sys.platform != "linux" or compiler is None:
            pytest.skip("setting the clocks of programs needs Linux and a C compiler (cc)")
        library, offsets = folder / "set_clocks.so", folder / "clocks"
        subprocess.run(
            [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(_SOURCE), "-lm"],
            check=True,
        )
        offsets.write_bytes(_OFFSETS.pack(0.0, 0.0))
        with offsets.open("r+b") as file:
            self._place = mmap.mmap(file.fileno(), _OFFSETS.size)
        self.environment = {
            "LD_PRELOAD": str(library),
            "SET_CLOCKS": str(offsets),
            "TZ": "UTC",
        }
        if wall is not None:
            self.set(wall)

    def wall(self) -> float:
        """Return the Unix seconds that the programs see."""
        return time.time() + self._offsets()[0]

    def set(self, wall: float) -> None:
        """Set the wall clock."""
        self._write(wall - time.time(), self._offsets()[1])

    def step(self, seconds: float) -> None:
        """Set the wall clock forward or back."""
        self.set(self.wall() + seconds)

    def suspend(self, seconds: float) -> None:
        """Let time pass as in a suspension, which the monotonic clock does not count."""
        real, boot = self._offsets()
        self._write(real + seconds, boot + seconds)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `satellite` by these clocks."""
        return subprocess.run(
            [sys.executable, "-m", "satellite", *words],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def _offsets(self) -> tuple[float, float]:
        real, boot = _OFFSETS.unpack(self._place[:])
        return real, boot

    def _write(self, real: float, boot: float) -> None:
        self._place[:] = _OFFSETS.pack(real, boot)
