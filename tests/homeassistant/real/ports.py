"""Ports for programs that have to come back at the same one after a restart."""

from __future__ import annotations

import random
import socket

_RANGE = (15000, 32000)
"""Below the ports that the system hands out for connections: it cannot take one meanwhile."""


def free_port() -> int:
    """A port at which nobody listens."""
    for _ in range(100):
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", random.randint(*_RANGE)))
            except OSError:
                continue
            return int(free.getsockname()[1])
    raise AssertionError(f"no free port was found in {_RANGE}")
