"""Microphones and speakers: present, permitted, and free."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path

from satellite.builtin.audio import devices as audio
from satellite.components.spec import AUTO, parse
from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.port_checks import expected_ports, is_taken
from satellite.diagnostics.soundcheck.card_users import SOUND_SERVERS, card_users
from satellite.diagnostics.soundcheck.devices import NOUNS, explain
from satellite.errors import DeviceMissing
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.lib.finding import Finding, broken, note, ok, warning
from satellite.lib.platform import system
from satellite.lib.platform.users import group_of, name
from satellite.settings import Settings

SOUND = "dev/snd"
"""The folder of the kernel's sound devices."""


async def devices(context: Context) -> AsyncGenerator[Finding, None]:
    """Report the microphone and the speaker, and whether `auto` finds them."""
    found = await run_in_daemon_thread(audio.list_devices)
    for direction, role, default in (
        ("in", "mic", audio.default_mic),
        ("out", "speaker", audio.default_speaker),
    ):
        noun = NOUNS[role]
        count = sum(device.direction == direction for device in found)
        chosen = getattr(context.settings, role)
        if chosen != AUTO:
            yield ok(noun, f"{chosen}, as set ({count} found)")
            continue
        try:
            yield ok(noun, f"{await run_in_daemon_thread(default)}, by default ({count} found)")
        except DeviceMissing as error:
            if await run_in_daemon_thread(lambda: _is_server(context)):
                yield note(noun, "none found; a server needs none")
            else:
                yield await explain(role, error, context.root)


async def permissions(context: Context) -> AsyncGenerator[Finding, None]:
    """Report whether this user may open the sound devices."""
    folder = context.root / SOUND
    if not folder.is_dir() and not system.is_linux():
        return  # the system asks people itself, and PortAudio reports a refusal
    if not folder.is_dir():
        yield note(
            "sound cards",
            "the kernel has none (no /dev/snd)",
            "Only sound over the network, from files or from programs can work.",
            "plug one in; on a Pi enable its overlay in config.txt; in a container pass "
            "--device /dev/snd",
        )
        return
    nodes = [node for node in sorted(folder.glob("*")) if not node.is_dir()]
    # the effective user is the one whose rights count for opening
    denied = [node for node in nodes if not os.access(node, os.R_OK | os.W_OK, effective_ids=True)]
    if denied:
        user = name()
        more = f" and {len(denied) - 1} more" if len(denied) > 1 else ""
        yield broken(
            "permission",
            f"user {user} may not open /{denied[0].relative_to(context.root)}{more}",
            "Microphone and speaker of this machine cannot be used.",
            f"sudo usermod -aG {_group(denied[0])} {user}, then log in again (for a service: "
            "restart it)",
        )
    elif nodes:
        yield ok("permission", f"all {len(nodes)} sound devices may be opened")


async def users(context: Context) -> AsyncGenerator[Finding, None]:
    """Report the programs that have a sound device open."""
    direct = any(_is_direct(context.settings, role) for role in NOUNS)
    for user in await run_in_daemon_thread(lambda: card_users(context.root)):
        found = f"{user.device} is open in {user}"
        if user.satellite:
            yield note("devices in use", found, "A satellite is running.")
        elif user.program not in SOUND_SERVERS:
            yield broken(
                "devices in use",
                found,
                "Many devices can be opened only once, so the satellite may not get this one.",
                f"stop that program{f' (kill {user.pid})' if user.pid else ''}, or let both use "
                "PipeWire or PulseAudio",
            )
        elif direct:
            yield warning(
                "devices in use",
                found,
                "mic or speaker is set to the device itself, which the sound server may not share.",
                "set mic and speaker to auto, so that sound goes through the sound server",
            )
        else:
            yield ok("devices in use", f"{found}, which shares it")


def _is_direct(settings: Settings, role: str) -> bool:
    text = getattr(settings, role)
    return text != AUTO and parse(text).plugin == "alsa" and "hw:" in parse(text).argument


def _is_server(context: Context) -> bool:
    """Return whether this machine has no sound card, and runs servers but no satellite."""
    if (context.root / SOUND).is_dir():
        return False
    ports = expected_ports(context.settings)
    roles = {port.role for port in ports if is_taken(port.host, port.number)}
    return bool(roles) and "satellite" not in roles


def _group(node: Path) -> str:
    group = group_of(node)
    return "audio" if group is None or group == "root" else group
