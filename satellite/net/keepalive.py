"""TCP keepalive: detection of peers that lost their power or their network."""

from __future__ import annotations

import asyncio
import socket


def enable_keepalive(writer: asyncio.StreamWriter) -> None:
    """Let the system end a connection whose peer has lost its power or its network.

    It probes after a minute of silence, and gives up after six unanswered probes 10 s apart:
    without that, such connections would stay open for ever, and count against the limits.
    """
    sock = writer.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6)):
        if (option := getattr(socket, name, None)) is not None:  # not available on every system
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
