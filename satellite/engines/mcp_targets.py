"""The servers of MCP that the settings name, Home Assistant among them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from satellite.errors import EngineFailed
from satellite.homeassistant.client.access_token import TokenSource
from satellite.lib import child, text_files
from satellite.net.mcp.checks import HOME
from satellite.net.mcp.server import Target
from satellite.settings import HomeSettings, McpSettings, Settings
from satellite.text.reason_of import reason_of

HOME_PATH = "/api/mcp/assist"
"""The path of the integration `mcp_server` that has the tools of voice assistants alone. Those at
`OLDER_PATH` reach past what is exposed to them: since 2026, they call any action and read logs."""
OLDER_PATH = "/api/mcp"
"""The only path of older versions, where it has the tools that were chosen in the integration."""

_OURS = ("*GetDateTime", "*HassBroadcast", "*Timer*")
"""Tools of Home Assistant for what the satellite does itself: their timers are other ones."""

_LONGEST = 4096
"""Characters of a token."""


def variable(name: str) -> str:
    """Return the environment variable that may hold the token of a server."""
    return f"SATELLITE_MCP_{name.upper().replace('-', '_')}_TOKEN"


def mcp_targets(settings: Settings) -> tuple[Target, ...]:
    """Return the servers of the settings, which were checked before."""
    found = [_target(name, server) for name, server in settings.mcp.items()]
    if settings.home.mcp and settings.home.url:
        found.append(_home(settings.home))
    return tuple(found)


def _target(name: str, server: McpSettings) -> Target:
    return Target(
        name=name,
        url=server.url,
        headers=partial(_headers, name, server.token_file),
        argv=tuple(child.split(server.command)) if server.command else (),
        environment=server.environment,
        allowed=server.tools,
        timeout=server.timeout,
    )


def _home(home: HomeSettings) -> Target:
    source = TokenSource(home.token_file)
    address = home.url.strip().rstrip("/")
    return Target(
        name=HOME,
        url=address + HOME_PATH,
        older_url=address + OLDER_PATH,
        headers=lambda: source.read().headers,
        excluded=_OURS,
        home=True,
    )


def _headers(name: str, file: str) -> Mapping[str, str]:
    """Return the headers with the token of a server; none if there is none; blocks.

    Raises `EngineFailed` for a file that cannot be read or holds no token.
    """
    if file:
        where = f"mcp.{name}.token_file = {file}"
        try:
            with Path(file).expanduser().open("rb") as opened:
                token = text_files.decode(opened.read(4 * _LONGEST)).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise EngineFailed(f"{where}: cannot be read: {reason_of(error)}") from error
        if not token:
            raise EngineFailed(f"{where}: it is empty")
    else:
        where = f"the environment variable {variable(name)}"
        token = os.environ.get(variable(name), "").strip()
    if not token:
        return {}
    if len(token) > _LONGEST or not token.isascii() or not token.isprintable() or " " in token:
        raise EngineFailed(f"{where} does not hold a token alone")
    return {"Authorization": f"Bearer {token}"}
