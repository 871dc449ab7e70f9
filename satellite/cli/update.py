"""`satellite update`: installs the newest version of this program."""

from __future__ import annotations

import click

from satellite.cli import command, flags
from satellite.cli.screen import echo, print_text
from satellite.errors import UpdateFailed
from satellite.updates.installation import Installation
from satellite.updates.updater import Updater


@command.command()
@command.option("--check", is_flag=True, help="Only say whether there is a newer version")
@flags.common
@click.pass_context
def update(context: click.Context, check: bool) -> None:
    """Install the newest version of this program.

    pip asks its package index, as pip's own configuration says, and installs that version with
    the extras that are installed here. If the new version does not start, the former one is
    installed again. Where this program did not come from an index by pip, the command says how to
    update it.
    """
    flags.invocation(context).run(lambda bus: _update(check))


async def _update(check: bool) -> None:
    installation = Installation.own()
    updater = Updater(installation)
    obstacle = installation.obstacle()
    if obstacle is not None and not check:
        raise UpdateFailed(f"this satellite cannot update itself: {obstacle}")
    newest = await updater.check()
    if newest.version == updater.installed:
        echo(f"{updater.installed} is the newest version")
        return
    page = f" ({newest.page})" if newest.page else ""
    print_text(f"version {newest.version} is available{page}, {updater.installed} is installed")
    if check:
        return
    await updater.install(newest.version)
    echo(f"version {newest.version} is installed: restart the satellite and the server to use it")
