"""Free ports of this machine."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

_RANGE = (15000, 32000)
"""Below the ephemeral ports, which the system may assign to a connection in the meantime."""


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    """Return `count` ports that are free on all IPv4 addresses, TCP or (`SOCK_DGRAM`) UDP."""
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        for _ in range(100 * count):
            sock = stack.enter_context(socket.socket(type=kind))
            try:
                sock.bind(("", random.randint(*_RANGE)))
            except OSError:
                continue
            sockets.append(sock)
            if len(sockets) == count:
                return [int(sock.getsockname()[1]) for sock in sockets]
    raise AssertionError(f"no {count} free ports in {_RANGE}")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a free port, as `free_ports` does."""
    return free_ports(1, kind)[0]
