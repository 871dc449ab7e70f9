"""`satellite discover`: what is on the LAN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import msgspec

from satellite.cli import flags, sections
from satellite.cli.table import table

if TYPE_CHECKING:
    from satellite.net.server import Server

WAIT = 3.0
"""Seconds to wait for answers; most come within one."""

_SHOWN = 3
"""Models and languages named in the table; JSON names all."""


@sections.command()
@click.option(
    "--wait",
    cls=flags.Flag,
    section=flags.OPTIONS,
    type=click.FloatRange(0.1, 60),
    default=WAIT,
    metavar="SECONDS",
    help=f"Wait this long for answers  [default: {WAIT:g} s]",
)
@flags.common
@flags.as_json
@click.pass_context
def discover(context: click.Context, wait: float) -> None:
    """Show the servers and satellites on the LAN."""
    state = flags.state(context)
    state.start_logging()
    found: list[Server] = []

    async def look(_bus: object) -> None:
        from satellite.net.discovery import scan

        found.extend(await scan(wait))

    state.run(look)
    if state.json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    elif found:
        header = ("ROLE", "NAME", "ADDRESS", "LATENCY", "MADE BY", "MODELS", "LANGUAGES")
        click.echo(table([row(server) for server in found], header=header))
    else:
        click.echo(f"Nothing on the LAN has answered within {wait:g} s.", err=True)


def row(server: Server) -> tuple[str, ...]:
    """A server's cells, in the order of the header."""
    roles = [*server.roles, *(["satellite"] if server.satellite else [])]
    return (
        ",".join(roles) or "?",
        server.name,
        server.uri,
        f"{server.latency * 1000:.0f} ms",
        f"us {server.version}".strip() if server.ours else "others",
        _some(server.models),
        _some(server.languages),
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
