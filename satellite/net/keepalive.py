"""Noticing that a peer has lost its power or its network."""

from __future__ import annotations

import asyncio
import socket


def notice_death(writer: asyncio.StreamWriter) -> None:
    """Have the system end a connection whose peer has lost its power or its network.

    After a minute of silence it asks, and gives up when six questions 10 s apart were not answered:
    otherwise such connections would be there for ever, and count.
    """
    sock = writer.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6)):
        if (option := getattr(socket, name, None)) is not None:  # not every system has them
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
