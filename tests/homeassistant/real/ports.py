"""Ports for programs that must use the same port again after a restart."""

from __future__ import annotations

import random
import socket

_RANGE = (15000, 32000)
"""Below the system's ephemeral ports, so that no connection takes one in between."""


def free_port() -> int:
    """Return a free port."""
    for _ in range(100):
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", random.randint(*_RANGE)))
            except OSError:
                continue
            return int(free.getsockname()[1])
    raise AssertionError(f"no free port was found in {_RANGE}")
