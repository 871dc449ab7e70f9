"""`satellite discover`: what is on the LAN."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import click
import msgspec

from satellite.cli import command, flags
from satellite.cli.screen import table
from satellite.engines.ranking import RankedServer, rank
from satellite.net.discovery.browser import scan
from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService
from satellite.ports import ENGINE_ROLES
from satellite.settings import Settings

WAIT = 3.0
"""Seconds to wait for answers; most come within one."""

_SHOWN = 3
"""Models and languages named in the table; JSON names all."""


@command.command()
@command.option(
    "--wait",
    type=click.FloatRange(0.1, 60),
    default=WAIT,
    metavar="SECONDS",
    help=f"Wait this long for answers  [default: {WAIT:g} s]",
)
@flags.common
@flags.as_json
@click.pass_context
def discover(context: click.Context, wait: float) -> None:
    """Show the servers and satellites on the LAN.

    Also shows which server of each role a satellite would use first, and why."""
    state = flags.state(context)
    settings = state.settings()
    found: list[RemoteService] = []

    async def look(_bus: object) -> None:
        found.extend(await scan(wait, wishes=Preferences.from_settings(settings.servers)))

    state.run(look)
    rankings = ranked(found, settings)
    if state.json:
        click.echo(msgspec.json.format(as_json(found, rankings)).decode())
    elif found:
        header = ("ROLE", "NAME", "ADDRESS", "LATENCY", "LOAD", "MADE BY", "MODELS", "LANGUAGES")
        click.echo(table([row(server) for server in found], header=header))
        if lines := [line for places in rankings.values() for line in order(places)]:
            click.echo()
            click.echo(table(lines, header=("ROLE", "ASKED", "NAME", "ADDRESS", "WHY")))
    else:
        click.echo(f"Nothing on the LAN has answered within {wait:g} s.", err=True)


def ranked(
    found: Sequence[RemoteService], settings: Settings
) -> dict[str, tuple[str, Sequence[RankedServer]]]:
    """The ranking of each role, as a satellite that has asked none of them yet would make it."""
    wishes = Preferences.from_settings(settings.servers)
    return {
        role: (role, rank(role, found, wishes=wishes, language=settings.language))
        for role in ENGINE_ROLES
    }


def order(ranking: tuple[str, Sequence[RankedServer]]) -> Iterator[tuple[str, ...]]:
    """A role's servers, each with its place and why it has it."""
    role, places = ranking
    for number, place in enumerate(places):
        yield (
            role,
            "never" if place.unfit else str(number + 1),
            place.server.name,
            place.server.uri,
            why(places, number),
        )


def why(places: Sequence[RankedServer], number: int) -> str:
    """Why a server has its place: what it has before the next one."""
    place = places[number]
    if place.unfit:
        return place.unfit
    if number + 1 < len(places) and not (following := places[number + 1]).unfit:
        return place.before(following)
    return "is the last before the built-in engine" if number else "is the only one"


def as_json(
    found: Sequence[RemoteService], rankings: Mapping[str, tuple[str, Sequence[RankedServer]]]
) -> bytes:
    """Every server with its place in the ranking of each of its roles, and all that counts."""
    told = []
    for server in found:
        ranks = {}
        for role, (_, places) in rankings.items():
            for number, place in enumerate(places):
                if place.server.uri == server.uri:
                    ranks[role] = {
                        "place": None if place.unfit else number + 1,
                        "why": why(places, number),
                        "reasons": [reason.text for reason in place.reasons],
                    }
        told.append({**msgspec.structs.asdict(server), "ranks": ranks})
    return msgspec.json.encode(told)


def row(server: RemoteService) -> tuple[str, ...]:
    """A server's cells, in the order of the header."""
    roles = [*server.roles, *(["satellite"] if server.satellite else [])]
    return (
        ",".join(roles) or "?",
        server.name,
        server.uri,
        f"{server.latency * 1000:.0f} ms",
        "" if server.load is None else f"{server.load:.0%}",
        f"us {server.version}".strip() if server.ours else "others",
        _some(server.models),
        _some(server.languages),
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
