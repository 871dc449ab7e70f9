"""The servers of MCP of the settings, and the names under which models call their tools."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from satellite.errors import SatelliteError
from satellite.lib.containment import Containment
from satellite.lib.taskgroups import first_error
from satellite.net.mcp.schemas import Definition
from satellite.net.mcp.server import McpServer, Target
from satellite.ports import ExternalTool

KNOWN = 3.0
"""Seconds that the first request waits for servers that have not been connected yet."""
NAME = 64
"""Characters of a tool's name, the most that OpenAI's API takes."""
_MARK = 6
"""Characters of the digest that ends a name that is too long or taken."""


class McpServers:
    """The servers. None is connected before `start`."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self.servers = tuple(McpServer(target) for target in targets)
        self._wanted = asyncio.Event()

    def start(self) -> None:
        """Begin to connect. Idempotent."""
        self._wanted.set()

    async def offered(self) -> tuple[ExternalTool, ...]:
        """Return the tools of all connected servers, always in the same order."""
        await self.settle(KNOWN)
        taken: set[str] = set()
        found = []
        for server in self.servers:
            for tool in server.tools:
                # Home Assistant prefixes the integration: intent__HassTurnOn
                own = tool.name.rpartition("__")[2] if server.target.home else tool.name
                name = _free_name(f"{server.target.name}_{own}", taken)
                taken.add(_plain(name))
                found.append(_external(server, tool, name))
        return tuple(found)

    async def settle(self, seconds: float) -> None:
        """Wait until every server was tried, but no longer than `seconds`."""
        self.start()
        waiting = [asyncio.ensure_future(s.tried.wait()) for s in self.servers]
        if not waiting:
            return
        try:
            await asyncio.wait(waiting, timeout=seconds)
        finally:
            for wait in waiting:
                wait.cancel()

    async def run(self) -> None:
        """Connect once started, until cancelled."""
        await self._wanted.wait()
        async with asyncio.TaskGroup() as tasks:
            for server in self.servers:
                work = Containment(server.target.label).run(server.run)
                tasks.create_task(work, name=server.target.label)


@asynccontextmanager
async def connected(targets: Sequence[Target]) -> AsyncGenerator[McpServers | None, None]:
    """Open the servers; they are closed at the end of the block. None without any."""
    if not targets:
        yield None
        return
    servers = McpServers(targets)
    with first_error(SatelliteError):
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(servers.run(), name="MCP servers")
            try:
                yield servers
            finally:
                running.cancel()


def _external(server: McpServer, tool: Definition, name: str) -> ExternalTool:
    return ExternalTool(
        name=name,
        origin=f"{server.target.name}: {tool.name}",
        doc=tool.doc,
        parameters=tool.parameters,
        run=partial(server.call, tool.name),
        effect=tool.effect,
        home=server.target.home,
    )


def _free_name(wanted: str, taken: set[str]) -> str:
    """Return a name that every API takes, and that differs from the others in more than case and
    separators, which models change."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", wanted)
    if len(name) <= NAME and _plain(name) not in taken:
        return name
    digest = hashlib.sha256(wanted.encode()).hexdigest()[:_MARK]
    return f"{name[: NAME - _MARK - 1]}_{digest}"


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()
