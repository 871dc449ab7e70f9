"""The ports of the HTTP door of each program."""

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


def satellite_door(settings: Settings) -> Door:
    """Return the door of a satellite."""
    return Door("satellite", settings.http.port, "http.port", HttpSettings().port)


def server_door(settings: Settings) -> Door:
    """Return the door of `satellite --server`; it has none where it serves one role at a URI."""
    server, usual = settings.server, ServerSettings().http_port
    return Door("server", 0 if server.uri else server.http_port, "server.http_port", usual)
