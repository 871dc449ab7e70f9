"""`satellite watch`: shows a satellite live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.live import Live

from satellite.cli import command, flags
from satellite.cli.view import View, read
from satellite.errors import PeerUnreachable, UsageError
from satellite.http import running_satellite
from satellite.lib.taskgroups import first_error
from satellite.settings import Settings

OFTEN = 0.2
"""Seconds between two updates of the screen: five a second look alive."""

RETRY = 2.0
"""Seconds between two attempts to reach a satellite that does not run."""

_TAIL = 256 * 1024
"""Bytes read at the end of an event log."""


@command.command()
@command.option(
    "--once",
    is_flag=True,
    help="Show the state now, and exit",
)
@flags.common
@click.pass_context
def watch(context: click.Context, once: bool) -> None:
    """Watch the satellite on this machine live.

    Shows its input level, requests, answers and timings. Survives a restart of the satellite;
    Ctrl-C ends it. With --events FILE, reads the event log that the satellite writes with the same
    option in place of asking the satellite.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    log = None if invocation.events in (None, "-") else Path(str(invocation.events))
    if log is not None and not log.is_file():
        raise UsageError(f"no event log {log}: satellite --events {log} writes one")

    async def show(_bus: object) -> None:
        await (_show_once(settings, log) if once else _show_live(settings, log))

    invocation.run(show, lasting=not once, recorded=False)


async def _show_once(settings: Settings, log: Path | None) -> None:
    """Show the state now. Raises `PeerUnreachable` if no satellite runs."""
    view = View()
    if log is not None:
        for line in await asyncio.to_thread(_tail, log):
            _take(view, line)
    else:
        view.state(await running_satellite.ask(settings, "GET", "/api/state"))
    Console().print(view.shown())


async def _show_live(settings: Settings, log: Path | None) -> None:
    """Update the screen until cancelled."""
    view, console = View(), Console()
    with Live(console=console, screen=console.is_terminal, auto_refresh=False) as screen:
        async with asyncio.TaskGroup() as tasks:
            source = _follow_file(log, view) if log else _follow(settings, view)
            tasks.create_task(source, name="events")
            while True:
                screen.update(view.shown(), refresh=True)
                await asyncio.sleep(OFTEN)


async def _follow(settings: Settings, view: View) -> None:
    """Follow a satellite, also through its restarts."""
    while True:
        try:
            with first_error(PeerUnreachable):
                async with running_satellite.connected(settings) as (session, address):
                    view.state(
                        await running_satellite.ask_of(session, address, "GET", "/api/state")
                    )
                    async with asyncio.TaskGroup() as tasks:
                        asking = tasks.create_task(_ask(settings, view))
                        async with aclosing(
                            running_satellite.follow(session, address)
                        ) as happening:
                            async for event in happening:
                                _take(view, event)
                        asking.cancel()
        except PeerUnreachable as error:
            view.phase = str(error)
        view.level = None
        await asyncio.sleep(RETRY)


async def _ask(settings: Settings, view: View) -> None:
    """Update the level and all that events do not report. Raises `PeerUnreachable`."""
    while True:
        await asyncio.sleep(OFTEN)
        view.state(await running_satellite.ask(settings, "GET", "/api/state"))


async def _follow_file(log: Path, view: View) -> None:
    """Follow an event log as it grows; a log that was truncated is read from its beginning."""
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
    """Return the bytes of a file from an offset on; None if the file is shorter."""
    with log.open("rb") as file:
        if file.seek(0, 2) < place:
            return None
        file.seek(place)
        return file.read(_TAIL)


def _tail(log: Path) -> list[bytes]:
    place = max(0, log.stat().st_size - _TAIL)
    return (_read(log, place) or b"").split(b"\n")


def _take(view: View, line: Any) -> None:
    event = read(line if isinstance(line, bytes) else msgspec.json.encode(line))
    if event is not None:
        view.take(event)
