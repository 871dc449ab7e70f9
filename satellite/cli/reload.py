"""`satellite reload`: makes a running satellite reread its settings."""

from __future__ import annotations

import click

from satellite.cli import command, flags
from satellite.cli.screen import echo
from satellite.engines.reload import Reloaded
from satellite.http.running_satellite import ask
from satellite.lib.bus import Bus
from satellite.settings import Settings


@command.command()
@flags.common
@click.pass_context
def reload(context: click.Context) -> None:
    """Make the satellite on this machine reread its settings.

    Wake words, those of assistants included, listen.follow_up, listen.stop_words and
    sound.mic_volume change at once; everything else takes a restart. The command reaches the
    satellite by HTTP at http.host and http.port. SIGHUP does the same.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    invocation.run(lambda bus: _reload(settings, bus))


async def _reload(settings: Settings, bus: Bus) -> None:
    answer = await ask(settings, "POST", "/api/reload")
    echo(str(Reloaded(tuple(answer["changed"]), tuple(answer["restart"]))))
