"""`satellite watch`: what happens, as it happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from satellite.cli import flags, sections
from satellite.errors import UsageError

if TYPE_CHECKING:
    from satellite.cli.view import View
    from satellite.settings import Settings

OFTEN = 0.2
"""Seconds between two looks at the level and what has changed: five times a second look alive."""

RETRY = 2.0
"""Seconds until a satellite that does not run is looked for again."""

_TAIL = 256 * 1024
"""Bytes at the end of an event log from which on it is read."""


@sections.command()
@click.option(
    "--once",
    cls=flags.Flag,
    section=flags.OPTIONS,
    is_flag=True,
    help="Show what there is now, and end",
)
@flags.common
@click.pass_context
def watch(context: click.Context, once: bool) -> None:
    """Watch the satellite of this machine: its level, what it hears, answers, and how quickly.

    It goes on when the satellite is started again; Ctrl-C ends it. With --events it does not ask
    the satellite, but reads the file that the satellite writes with the same option.
    """
    state = flags.state(context)
    settings = state.settings()
    log = None if state.events in (None, "-") else Path(str(state.events))
    if log is not None and not log.is_file():
        raise UsageError(f"there is no event log {log}: satellite --events {log} writes one")

    async def show(_bus: object) -> None:
        from rich.console import Console
        from rich.live import Live

        from satellite.cli.view import View

        view, console = View(), Console()
        if once:
            await _once(settings, view, log)
            console.print(view.shown())
            return
        with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:
            async with asyncio.TaskGroup() as tasks:
                source = _follow_file(log, view) if log else _follow(settings, view)
                tasks.create_task(source, name="events")
                while True:
                    live.update(view.shown(), refresh=True)
                    await asyncio.sleep(OFTEN)

    state.run(show, lasting=not once, recorded=False)


async def _once(settings: Settings, view: View, log: Path | None) -> None:
    from satellite.desk import client

    if log is not None:
        for line in await asyncio.to_thread(_tail, log):
            _take(view, line)
    else:
        view.state(await client.ask(settings, "GET", "/api/state"))


async def _follow(settings: Settings, view: View) -> None:
    """Follow a satellite that may end, and begin again."""
    from satellite.desk import client
    from satellite.errors import PeerUnreachable
    from satellite.groups import ungrouped

    while True:
        try:
            with ungrouped(PeerUnreachable):
                async with client.reached(settings) as (session, address):
                    view.state(await client.ask_of(session, address, "GET", "/api/state"))
                    async with asyncio.TaskGroup() as tasks:
                        asking = tasks.create_task(_ask(settings, view))
                        async with aclosing(client.follow(session, address)) as happening:
                            async for event in happening:
                                _take(view, event)
                        asking.cancel()
        except PeerUnreachable as error:
            view.phase = str(error)
        view.level = None
        await asyncio.sleep(RETRY)


async def _ask(settings: Settings, view: View) -> None:
    """Keep the level and what events do not tell up to date. Raises `PeerUnreachable`."""
    from satellite.desk import client

    while True:
        await asyncio.sleep(OFTEN)
        view.state(await client.ask(settings, "GET", "/api/state"))


async def _follow_file(log: Path, view: View) -> None:
    """Follow an event log as it grows; one that was begun anew is read from its beginning."""
    async with aclosing(_lines(log)) as lines:
        async for line in lines:
            _take(view, line)


async def _lines(log: Path) -> AsyncGenerator[bytes, None]:
    size = (await asyncio.to_thread(log.stat)).st_size
    place, rest = max(0, size - _TAIL), b""
    while True:
        found = await asyncio.to_thread(_read, log, place)
        if found is None:
            place, rest = 0, b""
            continue
        place += len(found)
        *whole, rest = (rest + found).split(b"\n")
        for line in whole:
            yield line
        await asyncio.sleep(OFTEN)


def _read(log: Path, place: int) -> bytes | None:
    """What a file has from a place on; None where it is shorter than that."""
    with log.open("rb") as file:
        if file.seek(0, 2) < place:
            return None
        file.seek(place)
        return file.read(_TAIL)


def _tail(log: Path) -> list[bytes]:
    place = max(0, log.stat().st_size - _TAIL)
    return (_read(log, place) or b"").split(b"\n")


def _take(view: View, line: Any) -> None:
    import msgspec

    from satellite.cli.view import read

    event = read(line if isinstance(line, bytes) else msgspec.json.encode(line))
    if event is not None:
        view.take(event)
