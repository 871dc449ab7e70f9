"""Connected servers of MCP for the tests."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from satellite.net.mcp.server import McpServer, Target
from satellite.net.mcp.servers import McpServers, connected
from satellite.ports import ExternalTool
from tests.support import mcp_script

SCRIPT = str(Path(mcp_script.__file__))


def script(behaviour: str, **more: Any) -> Target:
    """Return a server in a process that behaves so."""
    argv = (sys.executable, SCRIPT, behaviour)
    return Target(**{"name": "s", "argv": argv, "timeout": 5.0, **more})


@asynccontextmanager
async def servers(*targets: Target) -> AsyncIterator[McpServers]:
    """Connect to servers, and wait until each was tried."""
    async with connected(targets) as found:
        assert found is not None
        await found.settle(20.0)
        yield found


async def call(servers: McpServers, name: str, /, **arguments: Any) -> str:
    """Call an offered tool."""
    return await (await tool(servers, name)).run(arguments)


async def tool(servers: McpServers, name: str) -> ExternalTool:
    """Return an offered tool."""
    offered: Mapping[str, ExternalTool] = {t.name: t for t in await servers.offered()}
    return offered[name]


async def until(condition: Any, seconds: float = 15.0) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def back(server: McpServer) -> None:
    """Wait until a server offers its tools again."""
    await until(lambda: not server.tools)
    await until(lambda: bool(server.tools))
