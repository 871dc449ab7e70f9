"""`satellite` on a machine whose clock is an hour off: python -m tests.support.wrong_clock …

The monotonic clock is right, as on a real machine of this kind.
"""

from __future__ import annotations

import time

OFF = 3600.0
"""Seconds that the clock is ahead."""

_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + OFF
time.time_ns = lambda: _time_ns() + round(OFF * 1e9)

if __name__ == "__main__":
    from satellite.__main__ import main

    main()
