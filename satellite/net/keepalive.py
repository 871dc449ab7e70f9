"""TCP keepalive: detection of peers that lost their power or their network."""

from __future__ import annotations

import asyncio
import socket

from satellite.lib.platform.sockets import keep_alive


def enable_keepalive(writer: asyncio.StreamWriter) -> None:
    """Let the system end a connection whose peer has lost its power or its network.

    It probes after a minute of silence, and gives up after six unanswered probes 10 s apart:
    without that, such connections would stay open for ever, and count against the limits.
    """
    sock = writer.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    keep_alive(sock, idle=60, every=10, times=6)
