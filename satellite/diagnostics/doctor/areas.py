"""The areas of an examination and their checks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from importlib import import_module

import msgspec

from satellite.diagnostics.doctor.examination import Check, Examine
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """Some checks that belong together."""

    name: str
    doc: str
    checks: tuple[tuple[str, str, float], ...]
    """What each looks at, where that stands (`module:function`), and its deadline in seconds."""
    along: tuple[str, ...] = ()
    """Areas that are looked at, too, where this one is asked for by name."""
    asks: bool = False
    """It plays a sound or wants somebody to speak: only when asked for by name, or at a terminal.
    """


AREAS = (
    Area(
        name="configuration",
        doc="the settings",
        checks=(("configuration", "configuration:configuration", 5.0),),
    ),
    Area(
        name="python",
        doc="Python, packages, plugins",
        checks=(
            ("Python", "python:interpreter", 5.0),
            ("packages", "python:packages", 40.0),
            ("plugins", "python:installed_plugins", 20.0),
        ),
    ),
    Area(
        name="audio",
        doc="microphone and speaker: there, allowed, free, not muted, loud enough",
        checks=(
            ("devices", "devices:devices", 25.0),
            ("permissions", "devices:permissions", 5.0),
            ("who holds devices", "holders:holders", 5.0),
            ("sound server", "sound_server:sound_server", 15.0),
            ("mixer", "mixer:mixer", 15.0),
            # opening takes at most 8 s, and the recording waits for the echo
            ("microphone", "recording:recording", 60.0),
        ),
    ),
    Area(
        name="echo",
        doc="how late the microphone hears the speaker (plays a short sound)",
        checks=(("echo", "echo:echo", 60.0),),
        asks=True,
    ),
    Area(
        name="wake",
        doc="the wake word's score while you say it",
        checks=(("wake word", "wake_word:wake", 90.0),),
        asks=True,
    ),
    Area(
        name="network",
        doc="addresses and multicast DNS",
        checks=(
            ("addresses", "network:addresses", 5.0),
            ("multicast DNS", "network:multicast_dns", 10.0),
        ),
    ),
    Area(
        name="ports",
        doc="whether the ports are free, or whose they are",
        checks=(("ports", "listening_ports:ports", 20.0),),
    ),
    Area(
        name="firewall",
        doc="whether it lets in what it should",
        checks=(("firewall", "firewall:firewall", 15.0),),
    ),
    Area(
        name="servers",
        doc="each server, found or named: answer, latency, version",
        checks=(("servers", "servers:servers", 30.0),),
    ),
    Area(
        name="models",
        doc="models that are whole, and room on the disk",
        checks=(
            ("models", "storage:models", 20.0),
            ("disk", "storage:disk", 10.0),
        ),
    ),
    Area(
        name="machine",
        doc="memory, load, heat, power, clock",
        checks=(
            ("memory", "hardware:memory", 5.0),
            ("load", "hardware:load", 5.0),
            ("heat and power", "hardware:heat", 10.0),
            ("clock", "hardware:clock", 5.0),
        ),
    ),
    Area(
        name="homeassistant",
        doc="what Home Assistant sees of this machine, and whether it can be asked",
        along=("network", "firewall"),
        checks=(
            ("services", "homeassistant:seen", 30.0),
            ("adverts", "announced:adverts", 20.0),
            ("Home Assistant", "home_client:home", 15.0),
        ),
    ),
)


def checks(names: Sequence[str], *, watched: bool) -> list[Check]:
    """The checks of the areas named; by default of all but those that ask something of a person.

    Where somebody watches, the sound of the echo's check may be played unasked, too.
    """
    along = {other for area in AREAS if area.name in names for other in area.along}
    wanted = [area for area in AREAS if area.name in along or _wanted(area, names, watched)]
    return [check for area in wanted for check in _checks(area)]


def _wanted(area: Area, names: Sequence[str], watched: bool) -> bool:
    if names:
        return area.name in names
    return not area.asks or (watched and area.name == "echo")


def _checks(area: Area) -> Iterator[Check]:
    for about, place, deadline in area.checks:
        yield Check(area=area.name, about=about, examine=_found_at(place), deadline=deadline)


def _found_at(place: str) -> Examine:
    """The check, imported only when it runs: a package that is missing fails it and no other."""
    module, _, name = place.partition(":")

    async def examine(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
        check: Examine = getattr(import_module(f"satellite.diagnostics.doctor.{module}"), name)
        async with aclosing(check(case)) as findings:
            async for finding in findings:
                yield finding

    return examine
