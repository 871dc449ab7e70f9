"""Home Assistant as a tool: its address, and the token that it asks for."""

from __future__ import annotations

import os
from collections.abc import Sequence

from satellite.diagnostics.doctor import home_client as checks
from satellite.homeassistant.client.access_token import VARIABLE
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.setup import files
from satellite.setup.asking import Choice
from satellite.setup.lan import FoundHome
from satellite.setup.wizard import Wizard

TOKEN = "home-assistant.token"
"""File beside the configuration that holds the token."""


async def home(session: Wizard, found: Sequence[FoundHome]) -> None:
    """Tell which Home Assistants there are, and connect one if somebody has a token for it."""
    for one in found:
        version = f" ({one.version})" if one.version else ""
        session.ask.say(f"  + Home Assistant {one.name} at {one.url}{version}")
    if found:
        session.ask.say("    It finds this satellite itself: Settings, Devices & services there.")
    settings = session.settings.home
    if not settings.token_file and not os.environ.get(VARIABLE) and session.ask.present:
        await _connect(session, found)
    if session.settings.home.url:
        async for finding in checks.home(session.case()):
            session.tell(finding)


async def _connect(session: Wizard, found: Sequence[FoundHome]) -> None:
    url = session.settings.home.url or (found[0].url if found else "")
    if not url:
        return
    session.ask.say("    For the satellite to switch the home by itself it needs a token, made")
    session.ask.say("    there: your profile, Security, long-lived access tokens.")
    if len(found) > 1 and not session.settings.home.url:
        choices = [Choice(one.url, one.name) for one in found]
        url = await session.ask.choose("Which one?", choices, url)
    token = await session.ask.secret(f"Token for {url} (not shown; Enter for none)")
    if not token:
        return
    file = session.file.with_name(TOKEN)
    await run_in_daemon_thread(lambda: files.keep_secret(file, f"{token}\n"))
    session.choose("home.url", url)
    session.choose("home.token_file", str(file.absolute()))
