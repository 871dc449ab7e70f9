"""Home Assistant as a tool of the satellite: its address and its token."""

from __future__ import annotations

import os
from collections.abc import Sequence

from satellite.cli.guided_setup import files
from satellite.cli.guided_setup.asking import Choice
from satellite.cli.guided_setup.lan import FoundHome
from satellite.cli.guided_setup.wizard import Wizard
from satellite.errors import EngineError
from satellite.homeassistant.client.access_token import VARIABLE
from satellite.homeassistant.client.api import Api
from satellite.lib.daemon_thread import run_in_daemon_thread

TOKEN = "home-assistant.token"
"""The token's file, beside the configuration."""


async def home(session: Wizard, found: Sequence[FoundHome]) -> None:
    """List the Home Assistants found, ask for a token of one, and try it."""
    ask = session.ask
    for place in found:
        version = f" ({place.version})" if place.version else ""
        ask.say(f"  + Home Assistant {place.name} at {place.url}{version}")
    if found:
        ask.say("    It finds this satellite automatically: open Settings, Devices & services.")
    settings = session.settings.home
    if not settings.token_file and not os.environ.get(VARIABLE) and ask.present:
        await _connect(session, found)
    settings = session.settings.home
    if settings.url:
        api = Api(settings.url.rstrip("/"), settings.token_file)
        try:
            await api.get("/api/")
            ask.say(f"  + Home Assistant at {settings.url} answers and accepts the token")
        except EngineError as error:
            ask.say(f"  ! {error}")
        finally:
            await api.close()


async def _connect(session: Wizard, found: Sequence[FoundHome]) -> None:
    url = session.settings.home.url or (found[0].url if found else "")
    if not url:
        return
    session.ask.say("    To control lights and other devices by itself, the satellite needs a")
    session.ask.say("    token. Create one in Home Assistant: your profile, Security, long-lived")
    session.ask.say("    access tokens.")
    if len(found) > 1 and not session.settings.home.url:
        choices = [Choice(place.url, place.name) for place in found]
        url = await session.ask.choose("Which Home Assistant?", choices, url)
    token = await session.ask.secret(f"Token for {url} (not shown; Enter for none)")
    if not token:
        return
    file = session.file.with_name(TOKEN)
    await run_in_daemon_thread(lambda: files.write_secret(file, f"{token}\n"))
    session.choose("home.url", url)
    session.choose("home.token_file", str(file.absolute()))
