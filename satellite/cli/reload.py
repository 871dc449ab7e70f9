"""`satellite reload`: a running satellite's settings, read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from satellite.cli import flags, sections

if TYPE_CHECKING:
    from satellite.lib.bus import Bus
    from satellite.settings import Settings


@sections.command()
@flags.common
@click.pass_context
def reload(context: click.Context) -> None:
    """Have the satellite that runs on this machine read its settings again.

    Its wake words change at once, those of its assistants included; everything else is taken with
    the next start. It is reached by HTTP, at http.host and http.port; SIGHUP does the same.
    """
    state = flags.state(context)
    settings = state.settings()
    state.run(lambda bus: _reload(settings, bus))


async def _reload(settings: Settings, bus: Bus) -> None:
    from satellite.engines.reload import Reloaded
    from satellite.http.running_satellite import ask

    answer = await ask(settings, "POST", "/api/reload")
    click.echo(str(Reloaded(tuple(answer["changed"]), tuple(answer["restart"]))))
