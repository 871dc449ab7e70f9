"""`satellite tools`: the tools that language models of this machine are offered."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import click
import msgspec

from satellite import tools as plugin_tools
from satellite.cli import command, flags, logs
from satellite.cli.screen import print_json, print_table, print_text
from satellite.engines.mcp_targets import mcp_targets
from satellite.net.mcp.servers import McpServers, connected

WAIT = 60.0
"""Seconds for all servers to start and to list their tools; `npx` fetches packages first."""

_OURS = "satellite"
"""The origin of the tools that plugins offer."""

_CHANGES = {True: "yes", False: "no", None: ""}


class Row(msgspec.Struct, frozen=True):
    """A tool in the list."""

    name: str
    origin: str
    """The server and the name there, or `satellite` for a tool of a plugin."""
    home: bool
    """Whether it is offered only with a connected home."""
    doc: str
    effect: bool | None = None
    """Whether it may change something by itself; unknown of plugins."""


@command.command()
@command.option(
    "--wait",
    type=click.FloatRange(0.1, 600),
    default=WAIT,
    metavar="SECONDS",
    help=f"Wait this long for servers  [default: {WAIT:g} s]",
)
@flags.common
@flags.as_json
@click.pass_context
def tools(context: click.Context, wait: float) -> None:
    """List the tools that language models are offered.

    They are those of plugins and of the MCP servers in the tables mcp.NAME; tools for the home are
    offered only with a connected home. Models on other machines have the tools of those machines.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    logs.quieten("satellite.net.mcp", logging.ERROR)  # the problems are printed
    rows: list[Row] = []
    problems: list[str] = []

    async def look(_bus: object) -> None:
        async with connected(mcp_targets(settings)) as servers:
            if servers is not None:
                rows.extend(await _external(servers, wait))
                problems.extend(_problems(servers))

    invocation.run(look)
    ours = [
        Row(tool.name, _OURS, tool.home, tool.doc)
        for tool in plugin_tools.installed()
        if not (tool.home and any(row.home for row in rows))
    ]
    _show([*ours, *rows], problems, as_json=invocation.json)


async def _external(servers: McpServers, wait: float) -> Sequence[Row]:
    await servers.settle(wait)
    return [
        Row(tool.name, tool.origin, tool.home, tool.doc, tool.effect)
        for tool in await servers.offered()
    ]


def _problems(servers: McpServers) -> Sequence[str]:
    """Return what is wrong with the servers, a line for each fact."""
    found = []
    for server in servers.servers:
        if not server.tried.is_set():
            found.append(f"{server.target.label} has not answered so far")
        elif server.error is not None:
            found.append(str(server.error))
        found += [
            f"{server.target.label}: {tool} is left out: {reason}"
            for tool, reason in server.left_out.items()
        ]
    return found


def _show(rows: Sequence[Row], problems: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
    else:
        cells = [
            (row.name, row.origin, _CHANGES[row.effect], _first_sentence(row.doc)) for row in rows
        ]
        print_table(cells, header=("NAME", "FROM", "CHANGES", "PURPOSE"))
    for problem in problems:
        print_text(problem, err=True)


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0][:100]
