"""`satellite` in a home where time runs faster: python -m tests.soak.accelerated ARGUMENTS

It checks its servers sixty times as often, and signals simulate events of a laptop:

- SUSPEND stops it until it is continued, after which an hour has passed. Its clocks show that hour
  as Linux does after a suspension (clock_gettime(2)): CLOCK_REALTIME and CLOCK_BOOTTIME have
  advanced, CLOCK_MONOTONIC, which event loops and deadlines use, has not. So do the clocks of
  Python; libraries in C that ask the kernel see a pause of some seconds.
- SET_CLOCK sets the wall clock forward by an hour, as a person or the network's time may.
- TELL makes it write its use of resources, as JSON, to the file that $HELD names.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import msgspec

from tests.soak.process_state import current_state

FACTOR = 60
SUSPEND, SET_CLOCK, TELL = signal.SIGUSR1, signal.SIGUSR2, signal.SIGRTMIN
_HOUR = 3600.0


class Clocks:
    """The clocks that this program sees."""

    def __init__(self) -> None:
        self._wall, self._monotonic, self._any = time.time, time.monotonic, time.clock_gettime
        self._set = self._slept = self._stood = 0.0

    def install(self) -> None:
        """Install the clocks for all code that has not imported them yet."""
        time.time = lambda: self._wall() + self._set + self._slept
        time.monotonic = lambda: self._monotonic() - self._stood
        time.clock_gettime = self._gettime
        signal.signal(SUSPEND, lambda *_: self._suspend())
        signal.signal(SET_CLOCK, lambda *_: self._set_clock())

    def _gettime(self, clock: int) -> float:
        ahead = {
            time.CLOCK_REALTIME: self._set + self._slept,
            time.CLOCK_BOOTTIME: self._slept,
            time.CLOCK_MONOTONIC: -self._stood,
        }
        return self._any(clock) + ahead.get(clock, 0.0)

    def _suspend(self) -> None:
        began = self._monotonic()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._stood += self._monotonic() - began
        self._slept += _HOUR

    def _set_clock(self) -> None:
        self._set += _HOUR


def tell(*_: object) -> None:
    """Write the use of resources."""
    file = Path(os.environ["HELD"])
    whole = file.with_suffix(".whole")
    tasks = [task for task in asyncio.all_tasks() if not task.done()]
    whole.write_bytes(msgspec.json.encode(current_state(len(tasks))))
    whole.replace(file)


if __name__ == "__main__":
    Clocks().install()  # before those are imported who keep a clock of their own

    from satellite.__main__ import main
    from satellite.net.discovery import monitor

    monitor.REFRESH /= FACTOR
    monitor.IDLE /= FACTOR
    signal.signal(TELL, tell)
    main()
