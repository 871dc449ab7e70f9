"""Checks of the settings of MCP servers."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from satellite.errors import DeviceMissing
from satellite.lib import child
from satellite.settings import McpSettings
from satellite.text.quoted import quoted

HOME = "home"
"""The name of Home Assistant's server (`home.mcp`); no table may have it."""

_NAME = 24
"""Characters of a server's name, with which the names of its tools begin."""


def problems(name: str, server: McpSettings) -> Iterator[str]:
    """Yield the problems of a server's table, each beginning with the name of the setting."""
    if name == HOME:
        yield f"name: {HOME} stands for Home Assistant (home.mcp): take another name"
    if len(name) > _NAME:
        yield f"name: it is longer than {_NAME} characters, with which its tools' names begin"
    if bool(server.url) == bool(server.command):
        yield "url: set either url or command"
    if server.url:
        yield from _address_problems(server.url)
    if server.command:
        try:
            child.split(server.command)
        except DeviceMissing as error:
            yield f"command: {error}"
        if server.token_file:
            yield "token_file: it is for an address; a command gets its token by environment"
    if server.url and server.environment:
        yield "environment: it is for a command"
    if not server.tools:
        yield "tools: name at least one, or leave it out for all"


def _address_problems(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        yield f"url: {quoted(url)} is no address: {error}"
        return
    if parts.scheme not in ("http", "https") or not host:
        yield f"url: {quoted(url)} is no address such as http://127.0.0.1:8000/mcp"
    elif parts.username is not None or parts.password is not None:
        yield "url: it must not hold a password: name a file with token_file"
