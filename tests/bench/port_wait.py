"""Waiting for the servers that a benchmark has started."""

from __future__ import annotations

import socket
import time


def listens(port: int, timeout: float = 30.0) -> None:
    """Wait until something on this machine takes connections at a TCP port."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
