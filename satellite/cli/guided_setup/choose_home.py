"""Home Assistant: found or typed, its token tried, and whether it has this satellite."""

from __future__ import annotations

import os
from collections.abc import Sequence

from satellite.cli.guided_setup.asking import Choice
from satellite.cli.guided_setup.lan import FoundHome
from satellite.cli.guided_setup.wizard import Wizard
from satellite.config import files
from satellite.errors import ConfigError, EngineError, HomeRefused
from satellite.homeassistant.client import address
from satellite.homeassistant.client.access_token import VARIABLE
from satellite.homeassistant.client.api import Api
from satellite.homeassistant.client.wyoming_entry import EntryState, entry_state
from satellite.lib.daemon_thread import run_in_daemon_thread

TOKEN = "home-assistant.token"
"""The token's file, beside the configuration."""

_HAS = {
    "connected": '  + Home Assistant has this satellite: "{name}"',
    "added": '  + Home Assistant has this satellite, "{name}", and connects to it when it runs',
    "offered": '    Home Assistant offers the satellite "{name}": add it in Settings, Devices & '
    "services",
    "missing": '    Home Assistant has no satellite "{name}" yet; see the next steps below',
}


async def home(session: Wizard, found: Sequence[FoundHome] | None) -> EntryState | None:
    """List the Home Assistants found, ask for address and token of one, and try them.

    `found` is None if the network was not searched. Return whether the Home Assistant has this
    satellite; None if that is unknown.
    """
    ask = session.ask
    for place in found or ():
        version = f" ({place.version})" if place.version else ""
        ask.say(f"  + Home Assistant {place.name} at {place.url}{version}")
    if not found and not session.settings.home.url:
        ask.say(
            "    No Home Assistant was found"
            + (" on this network." if found is not None else ": the network was not searched.")
        )
    if ask.present and not (session.settings.home.token_file or os.environ.get(VARIABLE)):
        return await _connect(session, found or ())
    if session.settings.home.url:
        return await _try(session)
    if not ask.present:
        ask.say(
            "    To let the satellite control a home: satellite setup --home URL --token-file FILE"
        )
    return None


async def _connect(session: Wizard, found: Sequence[FoundHome]) -> EntryState | None:
    """Ask for an address and for tokens, until one is accepted or the person has had enough."""
    url = await _address(session, found)
    if not url:
        return None
    session.ask.say("    To control lights and other devices by itself, the satellite needs a")
    session.ask.say("    token. Create one in Home Assistant: your profile, Security, long-lived")
    session.ask.say("    access tokens.")
    while True:
        token = await session.ask.secret(f"Token for {url} (not shown; Enter for none)")
        if not token:
            return None
        await _save(session, url, token)
        try:
            return await _state(session)
        except HomeRefused as error:
            session.ask.say(f"  ! {error}")
            if not await session.ask.yes("Type another token?", False):
                return None
        except EngineError as error:
            session.ask.say(f"  ! {error}")
            return None


async def _save(session: Wizard, url: str, token: str) -> None:
    file = session.file.with_name(TOKEN)
    await run_in_daemon_thread(lambda: files.write_secret(file, f"{token}\n"))
    session.choose("home.url", url)
    session.choose("home.token_file", str(file.absolute()))


async def _address(session: Wizard, found: Sequence[FoundHome]) -> str:
    """Return the address of the settings, of the only one found, or that a person chooses."""
    ask = session.ask
    if session.settings.home.url or len(found) == 1:
        return session.settings.home.url or found[0].url
    if found:
        choices = [Choice(place.url, place.name) for place in found]
        return await ask.choose("Which Home Assistant?", choices, found[0].url)
    ask.say("    If you have one, type its address, such as http://192.168.1.5:8123.")
    while True:
        url = await ask.text("Address of Home Assistant (Enter for none)", "")
        try:
            return address.parse(url) if url and url != "-" else ""
        except ConfigError as error:
            for problem in error.problems:
                ask.say(f"  ! {problem}")


async def _try(session: Wizard) -> EntryState | None:
    try:
        return await _state(session)
    except EngineError as error:
        session.ask.say(f"  ! {error}")
        return None


async def _state(session: Wizard) -> EntryState | None:
    """Try address and token, and report whether Home Assistant has this satellite.

    Raises `EngineError` if the address or the token does not work.
    """
    settings = session.settings
    api = Api(settings.home.url.rstrip("/"), settings.home.token_file)
    try:
        await api.get("/api/")
        session.ask.say(f"  + Home Assistant at {api.url} answers and accepts the token")
        try:
            state = await entry_state(api, settings.name)
        except EngineError as error:
            session.ask.say(f"  ! Whether it has this satellite is unknown: {error}")
            return None
        session.ask.say(_HAS[state].format(name=settings.name))
        return state
    finally:
        await api.close()
