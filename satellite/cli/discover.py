"""`satellite discover`: the servers and satellites on the LAN."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
import msgspec

from satellite.cli import command, flags, logs
from satellite.cli.screen import echo, print_table, print_text
from satellite.components import spec
from satellite.diagnostics.doctor.programs import components
from satellite.engines.ranking import RankedServer, rank
from satellite.errors import SatelliteError
from satellite.net.discovery.browser import scan
from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService
from satellite.net.pairing import Pairing
from satellite.ports import ENGINE_ROLES, EngineContext, ServedByProgram
from satellite.settings import Settings
from satellite.text.printable import printable_json
from satellite.values import ProgramInfo

WAIT = 3.0
"""Seconds to wait for answers; most come within one."""

PORTS = (8080, 8000, 1234, 8880, 4000)
"""Ports of this machine at which servers of OpenAI's API listen by default: llama.cpp
and LocalAI; vLLM, MLC LLM and Speaches; LM Studio; Kokoro-FastAPI; LiteLLM."""

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

    Also shows which server of each role a satellite would use first, and why; and the programs with
    OpenAI's API that the configuration names or that run on this machine at their usual ports."""
    invocation = flags.invocation(context)
    settings = invocation.settings()
    logs.quieten("satellite.net.discovery")
    found: list[RemoteService] = []
    others: list[ProgramInfo] = []

    async def look(_bus: object) -> None:
        pairing = Pairing(settings.pairing)
        preferences = Preferences.from_settings(settings.servers)
        asked, scanned = await asyncio.gather(
            programs(settings, wait), scan(wait, pairing=pairing, preferences=preferences)
        )
        others.extend(asked)
        found.extend(scanned)

    invocation.run(look)
    rankings = ranked(found, settings)
    if invocation.json:
        echo(printable_json(msgspec.json.format(as_json(found, rankings, others))).decode())
        return
    if found:
        print_table(
            [row(server) for server in found],
            header=("ROLE", "NAME", "ADDRESS", "LATENCY", "LOAD"),
        )
        echo()
        print_table(
            [details(server) for server in found],
            header=("NAME", "PROGRAM", "MODELS", "LANGUAGES"),
        )
        if lines := [line for places in rankings.values() for line in order(places)]:
            echo()
            print_table(lines, header=("ROLE", "RANK", "NAME", "REASON"))
    if others:
        if found:
            echo()
        print_table(
            [program_row(program) for program in others],
            header=("PROGRAM", "ROLES", "COMPONENT", "MODELS"),
        )
    if not found:
        print_text(
            f"Nothing on the LAN has answered within {wait:g} s. To serve engines: satellite "
            "--server; to find out what blocks the search: satellite doctor network",
            err=True,
        )


async def programs(settings: Settings, wait: float) -> list[ProgramInfo]:
    """Return the programs that engines of the configuration ask, and those of this machine."""
    named = [(role, text) for _, role, text in components(settings)]
    # without a key: OPENAI_API_KEY is for the servers that a person names
    usual = [("tts", f"openai:http://127.0.0.1:{port}/v1?key_file={os.devnull}") for port in PORTS]
    async with asyncio.TaskGroup() as tasks:
        asking = [tasks.create_task(_ask(settings, *each, wait)) for each in (*named, *usual)]
    answers = (task.result() for task in asking)
    return [*{info.url: info for info in answers if info is not None}.values()]


async def _ask(settings: Settings, role: str, text: str, wait: float) -> ProgramInfo | None:
    """Return the program of a component; None for one without, and where it does not answer."""
    try:
        engine: Any = spec.create(role, text, EngineContext.for_settings(settings))
    except SatelliteError:
        return None
    try:
        if not isinstance(engine, ServedByProgram):
            return None
        async with asyncio.timeout(wait):
            return await engine.served_by()
    except (SatelliteError, TimeoutError):
        return None
    finally:
        await engine.close()


def program_row(program: ProgramInfo) -> tuple[str, ...]:
    """Return a program's cells of the last table."""
    plugin = "gpt-sovits" if program.name == "GPT-SoVITS" else "openai"
    return (
        f"{program.name} {program.version}".strip(),
        ",".join(program.roles),
        f"{plugin}:{program.url}",
        _some(program.models or program.voices),
    )


def ranked(
    found: Sequence[RemoteService], settings: Settings
) -> dict[str, tuple[str, Sequence[RankedServer]]]:
    """Return the ranking of each role as a satellite makes it that has used none of them yet."""
    preferences = Preferences.from_settings(settings.servers)
    return {
        role: (role, rank(role, found, preferences=preferences, language=settings.language))
        for role in ENGINE_ROLES
    }


def order(ranking: tuple[str, Sequence[RankedServer]]) -> Iterator[tuple[str, ...]]:
    """Yield a role's servers, each with its rank and the reason for it."""
    role, places = ranking
    for number, place in enumerate(places):
        yield (
            role,
            "never" if place.unfit else str(number + 1),
            place.server.name,
            why(places, number),
        )


def why(places: Sequence[RankedServer], number: int) -> str:
    """Return the reason for a server's rank: its advantage over the next one."""
    place = places[number]
    if place.unfit:
        return place.unfit
    if number + 1 < len(places) and not (following := places[number + 1]).unfit:
        return place.before(following)
    return "is the last before the built-in engine" if number else "is the only one"


def as_json(
    found: Sequence[RemoteService],
    rankings: Mapping[str, tuple[str, Sequence[RankedServer]]],
    others: Sequence[ProgramInfo] = (),
) -> bytes:
    """Return every server with its rank in each of its roles, and all reasons, as JSON.

    The `others` follow, with their address as `uri` and their name as `program`.
    """
    rows = []
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
        rows.append({**msgspec.structs.asdict(server), "ranks": ranks})
    for program in others:
        facts = msgspec.structs.asdict(program)
        rows.append({"program": facts["name"], "uri": facts.pop("url"), **facts, "ranks": {}})
    return msgspec.json.encode(rows)


def row(server: RemoteService) -> tuple[str, ...]:
    """Return a server's cells of the first table."""
    roles = [*server.roles, *(["satellite"] if server.satellite else [])]
    return (
        ",".join(roles) or "?",
        server.name,
        server.uri,
        f"{server.latency * 1000:.0f} ms",
        "" if server.load is None else f"{server.load:.0%}",
    )


def details(server: RemoteService) -> tuple[str, ...]:
    """Return a server's cells of the second table."""
    return (
        server.name,
        f"satellite {server.version}".strip() if server.ours else "another",
        _some(server.models),
        _some(server.languages),
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
