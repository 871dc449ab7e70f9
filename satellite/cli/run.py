"""`satellite`: listens until it is stopped."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from satellite import app, events
from satellite.builtin.audio.devices import default_mic, default_speaker
from satellite.cli.flags import Invocation
from satellite.cli.logs import INDENT
from satellite.cli.machine_routes import machine_routes
from satellite.cli.screen import columns, echo, wrapped
from satellite.components.spec import AUTO
from satellite.diagnostics.log.latest_messages import LatestMessages
from satellite.errors import DeviceMissing, SatelliteError
from satellite.events import Event
from satellite.lib.bus import Bus, Subscription
from satellite.lib.taskgroups import first_error
from satellite.settings import Settings

OTHER_WAYS = (
    ("satellite setup", "choose devices, wake word and servers step by step"),
    ("satellite doctor audio", "find out why no device was found"),
    ("satellite demo", "run one turn without any hardware"),
    ("satellite --server", "serve engines to satellites on other machines"),
)
"""Commands for a machine without a microphone or a speaker."""

ABOUT_DEVICES = (
    ("satellite devices", "list the microphones and speakers of this machine"),
    ("satellite doctor audio", "find out why a device cannot be used"),
)
"""Commands for a device that was named and cannot be opened."""


def run(invocation: Invocation) -> None:
    """Run the satellite; return when a microphone that has an end is done.

    At a person's terminal, print what was heard and answered.
    """
    settings = invocation.settings(renew=True)
    shown = sys.stdout.isatty() and not _logged() and invocation.events != "-"
    shown = shown and invocation.louder >= 0

    log = LatestMessages()
    machine = machine_routes(invocation, settings, log)

    def read_again() -> Settings:
        return invocation.configuration().settings

    def save(values: Mapping[str, Any]) -> None:
        invocation.settings_file().change(values)

    async def listen(bus: Bus) -> None:
        if not shown:
            await app.run(settings, bus, read_again, machine, save)
            return
        with first_error(SatelliteError):
            async with bus.subscribe("terminal") as happening, asyncio.TaskGroup() as tasks:
                printing = tasks.create_task(_print_turns(happening), name="terminal")
                await app.run(settings, bus, read_again, machine, save)
                printing.cancel()

    try:
        with log.collected():
            invocation.run(listen, lasting=True)
    except DeviceMissing as error:
        missing = list(_missing(settings))
        if not missing:
            if not error.remedy:
                _suggest(error, ABOUT_DEVICES)
            raise
        raise _without_devices(missing) from error


def _logged() -> bool:
    """Return whether the terminal belongs to a container, whose log stores what is printed there.

    The main program of a container has the process id 1, or is the child of an init that has it.
    """
    return 1 in (os.getpid(), os.getppid())


def spoken_line(event: Event) -> str | None:
    """Return the line for what was heard or answered; None for any other event."""
    match event:
        case events.Transcript(final=True, text=text) if text:
            speaker = "you"
        case events.Reply(final=True, text=text) if text:
            speaker = "answer"
        case _:
            return None
    return f"{datetime.fromtimestamp(event.time):%H:%M:%S} {speaker:<7} {text}"


async def _print_turns(happening: Subscription) -> None:
    async for event in happening:
        if line := spoken_line(event):
            echo(wrapped(line, columns(), later=INDENT))


def _missing(settings: Settings) -> Iterator[str]:
    """Yield the kinds of devices of which `auto` finds none."""
    for noun, chosen, default in (
        ("microphone", settings.mic, default_mic),
        ("speaker", settings.speaker, default_speaker),
    ):
        if chosen == AUTO:
            try:
                default()
            except DeviceMissing:
                yield noun


def _without_devices(missing: list[str]) -> DeviceMissing:
    flags = " and ".join({"microphone": "--mic", "speaker": "--speaker"}[noun] for noun in missing)
    error = DeviceMissing(
        f"no {' and no '.join(missing)} found",
        f"connect one, or name one with {flags} (satellite devices lists them)",
    )
    _suggest(error, OTHER_WAYS)
    return error


def _suggest(error: DeviceMissing, commands: Sequence[tuple[str, str]]) -> None:
    """Add commands and their purposes to an error, a line each."""
    width = max(len(command) for command, _ in commands)
    for command, purpose in commands:
        error.add_note(f"  {command:<{width}}  {purpose}")
