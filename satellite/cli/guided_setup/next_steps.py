"""The end of the setup: what to do next."""

from __future__ import annotations

from satellite.cli.guided_setup.wizard import Wizard
from satellite.config import load as config
from satellite.homeassistant.client.wyoming_entry import EntryState
from satellite.homeassistant.esphome.door import chosen_door
from satellite.homeassistant.esphome.identity import Identity
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.net.discovery.addresses import announced_addresses
from satellite.net.uri import Tcp, parse


async def next_steps(session: Wizard, state: EntryState | None) -> None:
    """Show how to find problems, where Home Assistant adds the satellite, and how to change
    settings later. `state` is Home Assistant's entry of it, None if unknown."""
    ask, file = session.ask, named_file(session)
    ask.say(f"  To find problems: satellite doctor{file}")
    if session.settings.brain != "local" and state not in ("connected", "added"):
        await _show_home_assistant(session)
    ask.say(f"  To change something later: satellite setup{file}, or edit {session.file}")


def named_file(session: Wizard) -> str:
    """Return the option that names the configuration, unless it is read anyway."""
    file = session.file.absolute()
    return "" if file in config.default_files() else f" --config {file}"


async def _show_home_assistant(session: Wizard) -> None:
    home = session.settings.homeassistant
    identity = Identity(session.settings.name)
    door = await run_in_daemon_thread(lambda: chosen_door(session.settings, identity))
    integration, listen = (
        ("ESPHome", home.esphome) if door == "esphome" else ("Wyoming", home.listen)
    )
    uri = parse(listen) if listen else None
    if not isinstance(uri, Tcp):
        return
    hosts = await run_in_daemon_thread(lambda: announced_addresses(uri.host))
    host = next(iter(hosts), uri.host)
    session.ask.say(
        "  To add it to Home Assistant: start it, then open Settings, Devices & services. If it is "
        f"not offered there, add the {integration} integration with host {host} and port {uri.port}"
    )
