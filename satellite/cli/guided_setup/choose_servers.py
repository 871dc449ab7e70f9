"""Servers and Home Assistant: found, paired if the person agrees, and connected."""

from __future__ import annotations

import asyncio

from satellite.cli.guided_setup.choose_home import home
from satellite.cli.guided_setup.lan import FoundHome, find_homes
from satellite.cli.guided_setup.wizard import Wizard
from satellite.errors import SatelliteError
from satellite.homeassistant.client.wyoming_entry import EntryState
from satellite.lib.taskgroups import first_error
from satellite.net.discovery import pairing_codes
from satellite.net.discovery.browser import scan
from satellite.net.discovery.mdns import NoMulticast
from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService
from satellite.net.pairing import Pairing
from satellite.net.pairing import join as joining
from satellite.net.pairing.identity import grouped

SCAN = 3.0
"""Seconds for servers to answer; most do within one."""


async def network(session: Wizard) -> EntryState | None:
    """Look for servers and Home Assistants, and connect them.

    Return whether Home Assistant has this satellite; None if that is unknown.
    """
    session.ask.head("Servers and Home Assistant")
    servers: tuple[RemoteService, ...] = ()
    homes: tuple[FoundHome, ...] | None = None
    codes: dict[str, tuple[str, int]] = {}
    if session.settings.zeroconf:
        try:
            servers, homes, codes = await _look(session)
        except NoMulticast as error:
            session.ask.say(f"  ! {error}")
    _list_servers(session, [server for server in servers if not server.satellite])
    await _pair(session, codes)
    return await home(session, homes)


async def _look(
    session: Wizard,
) -> tuple[tuple[RemoteService, ...], tuple[FoundHome, ...], dict[str, tuple[str, int]]]:
    session.ask.say(f"  Searching the network for {SCAN:g} seconds")
    pairing = Pairing(session.settings.pairing)
    preferences = Preferences.from_settings(session.settings.servers)
    with first_error(SatelliteError):
        async with asyncio.TaskGroup() as tasks:
            servers = tasks.create_task(scan(SCAN, pairing=pairing, preferences=preferences))
            homes = tasks.create_task(find_homes())
            codes = tasks.create_task(pairing_codes.find())
    return servers.result(), homes.result(), codes.result()


def _list_servers(session: Wizard, servers: list[RemoteService]) -> None:
    for server in servers:
        models = ", ".join(server.models[:3]) or "no models"
        took = f"{server.latency * 1000:.0f} ms"
        roles = ", ".join(server.roles) or "nothing"
        session.ask.say(f"  + {server.name} at {server.uri}: {roles} ({models}), {took}")
    if servers:
        session.ask.say("    They are used automatically; `satellite discover` shows their order.")
    elif session.settings.servers.pin:
        pinned = ", ".join(session.settings.servers.pin)
        session.ask.say(f"    Used first, found or not: {pinned}")
    else:
        session.ask.say("    No server was found. The built-in engines answer until there is one.")


async def _pair(session: Wizard, codes: dict[str, tuple[str, int]]) -> None:
    """Pair with the machine of the command line, or with those that show a code now."""
    host = session.options.pair
    if host is not None:
        place = codes.get(host) or pairing_codes.parse_address(host)
        await _join(session, host, *place)
        return
    for name, place in codes.items():
        await _join(session, name, *place)


async def _join(session: Wizard, name: str, host: str, port: int) -> None:
    required = session.options.pair is not None
    code = session.options.code if required else None
    if code is None:
        question = f"{name} shows a pairing code. Type it, or press Enter to skip"
        code = await session.ask.text(question, "")
    if not code:
        session.ask.say(f"  Not paired with {name}. To pair later: satellite pair {name}")
        return
    try:
        keys = Pairing(session.settings.pairing).keys
        peer = await joining.join(keys, host, port, code, session.settings.name)
    except SatelliteError as error:
        session.ask.say(f"  ! {error}")
        if required:
            raise
        return
    session.ask.say(f"  + Paired with {peer.name}; its key is {grouped(peer.fingerprint)}")
