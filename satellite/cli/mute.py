"""`satellite mute`: mutes or unmutes the running satellite's microphone."""

from __future__ import annotations

import click

from satellite.cli import command, flags
from satellite.cli.screen import echo
from satellite.http.running_satellite import ask
from satellite.lib.bus import Bus
from satellite.settings import Settings

_WANTED = {"on": True, "off": False, "toggle": None}


@command.command()
@flags.common
@click.argument("how", type=click.Choice(list(_WANTED)), default="toggle", metavar="on|off|toggle")
@click.pass_context
def mute(context: click.Context, how: str) -> None:
    """Mute or unmute the satellite on this machine.

    The command reaches it by HTTP at http.host and http.port.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    invocation.run(lambda bus: _mute(settings, bus, _WANTED[how]))


async def _mute(settings: Settings, bus: Bus, muted: bool | None) -> None:
    facts = {} if muted is None else {"muted": muted}
    answer = await ask(settings, "POST", "/api/mute", **facts)
    echo("muted" if answer.get("muted") else "not muted")
