"""The ports of HTTP and HTTPS of each program."""

from __future__ import annotations

import msgspec

from satellite.settings import HttpSettings, ServerSettings, Settings


class Door(msgspec.Struct, frozen=True):
    """Where a program serves HTTP."""

    of: str
    """The program, in messages."""
    port: int
    """TCP port of plain HTTP; 0 for none."""
    key: str
    """The setting of that port."""
    usual: int
    """Its default: where another program has this one, a program goes on without HTTP."""
    https_port: int = 0
    """TCP port of HTTPS; 0 for none."""
    https_key: str = ""
    """The setting of that port."""


def satellite_door(settings: Settings) -> Door:
    """Return the door of a satellite."""
    http, usual = settings.http, HttpSettings()
    return Door("satellite", http.port, "http.port", usual.port, http.https_port, "http.https_port")


def server_door(settings: Settings) -> Door:
    """Return the door of `satellite --server`; it has none where it serves one role at a URI."""
    server, usual = settings.server, ServerSettings()
    ports = (0, 0) if server.uri else (server.http_port, server.https_port)
    return Door(
        "server", ports[0], "server.http_port", usual.http_port, ports[1], "server.https_port"
    )
