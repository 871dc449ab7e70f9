"""`satellite status`: the state of the satellite on this machine, on one screen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from time import time
from typing import Any

import click
import msgspec

from satellite.cli import command, flags
from satellite.cli.screen import columns, echo, print_json, table, wrapped
from satellite.diagnostics.stats import database
from satellite.errors import PeerUnreachable
from satellite.http import running_satellite
from satellite.net.pairing import Pairing
from satellite.net.remotes.probe import probe
from satellite.settings import Settings

TURNS = 5
"""Last turns shown."""


@command.command()
@flags.setting("name")
@flags.common
@flags.as_json
@click.pass_context
def status(context: click.Context) -> None:
    """Show what the satellite on this machine does now.

    Lists its engines, the servers in reach with their latencies, its timers, and its last turns.
    Exits with 1 if it does not run.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    found: dict[str, Any] = {}

    async def look(_bus: object) -> None:
        found.update(await ask_state(settings))

    invocation.run(look)
    if invocation.json:
        print_json(found)
    else:
        echo("\n".join(status_lines(found, columns())))
    if not found["running"]:
        context.exit(1)


async def ask_state(settings: Settings) -> dict[str, Any]:
    """Ask the satellite for its state, and each server in reach for its latency."""
    try:
        state = await running_satellite.ask(settings, "GET", "/api/state")
    except PeerUnreachable as error:
        return {
            "running": False,
            "problem": str(error),
            **await asyncio.to_thread(_stored_turns, settings),
        }
    uris = dict.fromkeys(str(server.get("uri", "")) for server in state.get("servers", ()))
    async with asyncio.TaskGroup() as tasks:
        asked = {uri: tasks.create_task(_latency(settings, uri)) for uri in uris}
    for server in state.get("servers", ()):
        server["latency"] = asked[str(server.get("uri", ""))].result()
    return {"running": True, **state}


async def _latency(settings: Settings, uri: str) -> float | None:
    """Return the seconds that a server takes to describe itself; None if it does not answer."""
    answer = await probe(uri, Pairing(settings.pairing), times=1)
    return answer.fastest if answer.info is not None else None


def _stored_turns(settings: Settings) -> dict[str, Any]:
    """Return the last turns in the statistics of a satellite that does not run."""
    turns, _ = database.read(database.find_file(settings.name))
    return {"name": settings.name, "turns": [msgspec.to_builtins(turn) for turn in turns[-TURNS:]]}


def status_lines(found: Mapping[str, Any], width: int | None = None) -> Iterator[str]:
    """Yield the screen, in lines of at most `width` characters."""
    if not found["running"]:
        yield wrapped(f"{found['name']} does not run; {found['problem']}", width, later="  ")
    else:
        yield wrapped(_headline(found), width, later="  ")
        if trouble := found.get("trouble"):
            text = f"last problem {_ago(trouble['time'])}: {trouble['where']}: {trouble['text']}"
            yield wrapped(text, width, indent="  ", later="    ")
        yield from _part(
            "engines", [(r, str(w)) for r, w in found.get("engines", {}).items()], width
        )
        yield from _part("servers", [_server(server) for server in found.get("servers", ())], width)
        yield from _part("timers", [_timer(timer) for timer in found.get("timers", ())], width)
        yield from _part("alarms", [_alarm(alarm) for alarm in found.get("alarms", ())], width)
    turns = list(found.get("turns", ()))[-TURNS:]
    yield from _part("last turns", [_turn(turn) for turn in turns], width)


def _headline(found: Mapping[str, Any]) -> str:
    area = f" ({found['area']})" if found.get("area") else ""
    does = "muted" if found.get("muted") else str(found.get("phase", "?"))
    more = [f"volume {found['volume']:.0%}"] if isinstance(found.get("volume"), float) else []
    if found.get("ringing"):
        more.append("ringing")
    if since := found.get("since"):
        more.append(f"runs since {datetime.fromtimestamp(since):%Y-%m-%d %H:%M}")
    return f"{found.get('name', '?')}{area}: {does}; {', '.join(more)}"


def _part(name: str, rows: Sequence[tuple[str, ...]], width: int | None) -> Iterator[str]:
    if rows:
        yield f"\n{name}"
        yield table(rows, indent="  ", width=width)


def _server(server: Mapping[str, Any]) -> tuple[str, ...]:
    latency = server.get("latency")
    shown = "does not answer" if latency is None else f"{latency * 1000:.0f} ms"
    return (str(server.get("role", "?")), str(server.get("uri", "?")), shown)


def _timer(timer: Mapping[str, Any]) -> tuple[str, ...]:
    left = round(float(timer.get("remaining", 0)))
    clock = f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"
    return (timer.get("name") or "timer", clock, "paused" if timer.get("paused") else "")


def _alarm(alarm: Mapping[str, Any]) -> tuple[str, ...]:
    return (alarm.get("name") or "alarm", str(alarm.get("at", "?"))[:16].replace("T", " "))


def _turn(turn: Mapping[str, Any]) -> tuple[str, ...]:
    answer = turn.get("answer")
    shown = "" if answer is None else f"{answer:.2f} s"
    where = f" in {turn['stage']}" if turn.get("stage") else ""
    return (_ago(turn["at"]), f"{str(turn['outcome']).replace('_', ' ')}{where}", shown)


def _ago(moment: float) -> str:
    """Return how long ago a moment was, in the largest unit that fits."""
    seconds = max(0, round(time() - moment))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"
