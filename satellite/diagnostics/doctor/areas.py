"""The areas of the doctor and their checks. Light to import: the command line lists the areas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec


class Check(msgspec.Struct, frozen=True):
    """One check of an area."""

    about: str
    place: str
    """Module and function in this package."""
    deadline: float
    """Seconds."""
    area: str = ""


class Area(msgspec.Struct, frozen=True):
    """Checks that belong together."""

    name: str
    checks: tuple[Check, ...]
    also: tuple[str, ...] = ()
    """Areas that are examined, too, when this area is named."""
    interactive: bool = False
    """It plays a sound or asks a person to speak, so it runs only when named, or at a terminal."""


AREAS = (
    Area("configuration", (Check("configuration", "configuration:configuration", 5.0),)),
    Area(
        "python",
        (
            Check("Python", "python:interpreter", 5.0),
            Check("packages", "python:packages", 40.0),
            Check("plugins", "python:plugins", 20.0),
        ),
    ),
    Area(
        "audio",
        (
            Check("devices", "sound_devices:devices", 25.0),
            Check("permissions", "sound_devices:permissions", 5.0),
            Check("devices in use", "sound_devices:users", 5.0),
            Check("sound server", "mute_and_volume:sound_server", 15.0),
            Check("mixer", "mute_and_volume:mixer", 15.0),
            # opening takes at most 8 s, and the recording waits for the echo
            Check("microphone", "sound_checks:recording", 60.0),
        ),
    ),
    Area("echo", (Check("echo", "sound_checks:echo", 60.0),), interactive=True),
    Area("wake", (Check("wake word", "sound_checks:wake", 90.0),), interactive=True),
    Area(
        "network",
        (
            Check("addresses", "network:addresses", 5.0),
            Check("multicast DNS", "network:multicast_dns", 10.0),
        ),
    ),
    Area("ports", (Check("ports", "port_checks:ports", 20.0),)),
    Area("firewall", (Check("firewall", "firewall:firewall", 15.0),)),
    Area(
        "servers",
        (
            Check("servers", "servers:servers", 30.0),
            Check("programs", "programs:programs", 30.0),
        ),
    ),
    Area(
        "models",
        (
            Check("models", "storage:models", 20.0),
            Check("languages", "spoken_languages:languages", 30.0),
            Check("disk", "storage:disk", 10.0),
        ),
    ),
    Area("mcp", (Check("tools", "mcp:servers", 40.0),)),
    Area(
        "machine",
        (
            Check("memory", "hardware:memory", 5.0),
            Check("load", "hardware:load", 5.0),
            Check("heat and power", "hardware:heat", 10.0),
            Check("clock", "hardware:clock", 5.0),
        ),
    ),
    Area(
        "homeassistant",
        (
            Check("services", "homeassistant:services", 30.0),
            Check("adverts", "announced:adverts", 20.0),
            Check("Home Assistant", "home_client:home", 15.0),
        ),
        also=("network", "firewall"),
    ),
)


def checks(names: Sequence[str], *, watched: bool) -> Iterator[Check]:
    """Yield the checks of the named areas; by default those of all areas that are not interactive.

    With `watched`, a person is at the terminal, and the sound of the echo may be played by default.
    """
    also = {other for area in AREAS if area.name in names for other in area.also}
    for area in AREAS:
        if names:
            selected = area.name in names or area.name in also
        else:
            selected = not area.interactive or (watched and area.name == "echo")
        if selected:
            for check in area.checks:
                yield msgspec.structs.replace(check, area=area.name)
