"""The check of MCP servers: whether they answer, and which of their tools are used."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator

from satellite.components import spec
from satellite.diagnostics.doctor.context import Context
from satellite.engines.mcp_targets import mcp_targets
from satellite.errors import UsageError
from satellite.lib.finding import Finding, broken, note, ok, warning
from satellite.net.mcp.checks import HOME
from satellite.net.mcp.server import McpServer
from satellite.net.mcp.servers import connected
from satellite.settings import Settings

PATIENCE = 30.0
"""Seconds to start and to list the tools; less than at the start of a satellite."""

MANY = 20
"""Tools of one server among which small models choose badly."""


async def servers(context: Context) -> AsyncGenerator[Finding, None]:
    """Report every server of the settings."""
    targets = mcp_targets(context.settings)
    if not targets:
        yield note("tools", "no MCP servers are set (mcp.NAME, home.mcp)")
        return
    async with connected(targets) as found:
        assert found is not None  # there are targets
        await found.settle(PATIENCE)
        for server in found.servers:
            for finding in _findings(server):
                yield finding
    if is_elsewhere(context.settings):
        yield warning(
            "tools",
            f"the language model is at {context.settings.llm}",
            "It has the tools of that machine, and not those above.",
            "set the tables mcp.NAME there",
        )


def _findings(server: McpServer) -> Iterator[Finding]:
    name = server.target.name
    about = f"tools of {name}"
    table = "home.mcp" if name == HOME else f"mcp.{name}"
    means = "Language models do without its tools."
    if not server.tried.is_set():
        text = f"no answer within {PATIENCE:g} s"
        yield broken(about, text, means, f"try its command or address by hand ({table})")
        return
    if server.error is not None:
        remedy = f"correct {table}"
        if server.target.home:
            remedy = (
                'add the integration "Model Context Protocol Server" to Home Assistant, or set '
                "home.mcp = false"
            )
        yield broken(about, str(server.error), means, remedy)
        return
    used, allowed = len(server.tools), sum(map(server.allows, server.found))
    names = ", ".join(tool.name for tool in server.tools)
    if not used:
        text = f"it has {len(server.found)} tools, and none of them is used"
        yield warning(about, text, means, f"name those to allow: {table}.tools")
        return
    text = f"{used} of {len(server.found)} tools are used ({allowed} allowed): {names}"
    yield ok(about, text)
    for tool, reason in server.left_out.items():
        yield note(about, f"{tool} is left out: {reason}")
    if used > MANY:
        text = f"{used} tools are many for a small model"
        yield note(about, text, "It may choose the wrong one.", f"allow fewer: {table}.tools")


def is_elsewhere(settings: Settings) -> bool:
    """Return whether only servers at fixed addresses answer."""
    try:
        links = spec.chain("llm", settings.llm)
    except UsageError:  # reported by the check of the configuration
        return False
    return all(map(spec.is_uri, links))
