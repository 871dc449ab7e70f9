"""`satellite` in a home where time runs faster: python -m tests.soak.accelerated ARGUMENTS

It looks after its servers sixty times as often, and SIGUSR1 sets its clock forward by an hour, as
when a laptop wakes up or somebody sets the time.
"""

from __future__ import annotations

import signal
import time

from satellite.__main__ import main
from satellite.net import watch

FACTOR = 60
_JUMP = 3600.0


def accelerate() -> None:
    """Change what the satellite will see of time."""
    watch.REFRESH /= FACTOR
    watch.IDLE /= FACTOR
    real, ahead = time.time, 0.0

    def jump(*_: object) -> None:
        nonlocal ahead
        ahead += _JUMP

    time.time = lambda: real() + ahead
    signal.signal(signal.SIGUSR1, jump)


if __name__ == "__main__":
    accelerate()
    main()
