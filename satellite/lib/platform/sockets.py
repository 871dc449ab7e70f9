"""Sockets: those that are files, shared ports, and watching one."""

from __future__ import annotations

import asyncio
import select
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from satellite.errors import ConfigError

T = TypeVar("T", socket.socket, int)

_LOOK = 0.5
"""Seconds after which a thread that watches a socket looks whether it should end."""


def unix_stream() -> socket.socket:
    """Return a Unix socket for a stream. Raises `ConfigError` on Windows."""
    if sys.platform == "win32":
        raise _no_unix_sockets()
    return socket.socket(socket.AF_UNIX)


async def unix_server(
    accept: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None] | None],
    listener: socket.socket,
    limit: int,
) -> asyncio.Server:
    """Serve streams on a bound Unix socket. Raises `ConfigError` on Windows."""
    if sys.platform == "win32":
        raise _no_unix_sockets()
    return await asyncio.start_unix_server(accept, sock=listener, limit=limit)


async def unix_connection(
    path: str, limit: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to a Unix socket. Raises `ConfigError` on Windows, `OSError`."""
    if sys.platform == "win32":
        raise _no_unix_sockets()
    return await asyncio.open_unix_connection(path, limit=limit)


def send_to_unix(path: str, message: bytes) -> None:
    """Send a datagram to a Unix socket without waiting. Raises `OSError`, always on Windows."""
    if sys.platform == "win32":
        raise OSError("Windows has no such sockets")
    kind = socket.SOCK_DGRAM
    with socket.socket(socket.AF_UNIX, kind) as out:  # Python closes it for child processes
        out.setblocking(False)
        out.sendto(message, path)


def share_port(sock: socket.socket) -> None:
    """Let other programs of this machine bind the same port, for multicast. Raises `OSError`."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if sys.platform != "win32":  # where the first option does both
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def keep_alive(sock: socket.socket, *, idle: int, every: int, times: int) -> None:
    """Probe a TCP connection that was silent for `idle` seconds, every `every` seconds, and end it
    after `times` unanswered probes."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", idle), ("TCP_KEEPINTVL", every), ("TCP_KEEPCNT", times)):
        if (option := getattr(socket, name, None)) is not None:  # macOS lacks the first
            sock.setsockopt(socket.IPPROTO_TCP, option, value)


def watch(
    loop: asyncio.AbstractEventLoop, sock: T, call: Callable[[T], object]
) -> Callable[[], None]:
    """Call a function in the loop whenever a socket, or the
    file of that number, has something to read; return how to end that.

    A loop that cannot watch sockets, such as the usual one of Windows, which has child processes
    instead, gets a thread for each that does. End it before the socket is closed.
    """
    try:
        loop.add_reader(sock, call, sock)
    except NotImplementedError:
        return _watched_by_thread(loop, sock, call)
    return partial(_forget, loop, sock)


def _forget(loop: asyncio.AbstractEventLoop, sock: socket.socket | int) -> None:
    if not loop.is_closed():
        loop.remove_reader(sock)


def _watched_by_thread(
    loop: asyncio.AbstractEventLoop, sock: T, call: Callable[[T], object]
) -> Callable[[], None]:
    ended, taken = threading.Event(), threading.Event()

    def take() -> None:
        if not ended.is_set():
            call(sock)
        taken.set()

    def look() -> None:
        while not ended.is_set():
            try:
                ready, _, _ = select.select([sock], [], [], _LOOK)
            except (OSError, ValueError):  # closed
                return
            if ready:
                taken.clear()
                try:
                    loop.call_soon_threadsafe(take)
                except RuntimeError:  # the loop has ended
                    return
                while not taken.wait(_LOOK) and not ended.is_set() and not loop.is_closed():
                    pass

    threading.Thread(target=look, name="socket", daemon=True).start()
    return ended.set


def _no_unix_sockets() -> ConfigError:
    return ConfigError(["unix:// is for Linux and macOS: use tcp://HOST:PORT here"])
