"""`satellite pair`: lets two machines know each other's keys."""

from __future__ import annotations

import click
import msgspec

from satellite.cli import flags, sections
from satellite.cli.table import table
from satellite.errors import UsageError


@sections.command()
@click.argument("host", required=False)
@click.option(
    "--list",
    "listed",
    cls=flags.Flag,
    section=flags.OPTIONS,
    is_flag=True,
    help="Show the machines that this one is paired with",
)
@click.option(
    "--forget",
    cls=flags.Flag,
    section=flags.OPTIONS,
    metavar="NAME",
    help="Trust a machine no longer",
)
@click.option(
    "--find",
    cls=flags.Flag,
    section=flags.OPTIONS,
    is_flag=True,
    help="Show the machines on the LAN that show a code now",
)
@click.option(
    "--port",
    cls=flags.Flag,
    section=flags.OPTIONS,
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="TCP port at which the code is shown; 0 for any free one  [default: 10801]",
)
@flags.no_zeroconf()
@flags.common
@flags.as_json
@click.pass_context
def pair(
    context: click.Context,
    host: str | None,
    listed: bool,
    forget: str | None,
    find: bool,
    port: int | None,
) -> None:
    """Pair two machines, so that they talk in TLS and know each other by their keys.

    Without HOST, on one of them (the server, say), it shows a code and waits for two minutes. On
    the other one, with the first one's name or address as HOST, it asks for that code.
    """
    state = flags.state(context)
    settings = state.settings()
    if sum((host is not None, listed, forget is not None, find)) > 1:
        raise click.UsageError("HOST, --list, --forget and --find exclude each other")
    if state.json and not listed:
        raise click.UsageError("--json is for --list")
    from satellite.net import pairing as trust

    trust.use(settings.pairing)
    if listed:
        _list(state.json)
    elif forget is not None:
        if not trust.peers().forget(forget):
            names = ", ".join(peer.name for peer in trust.peers().all())
            raise UsageError(f"{forget} is not paired (paired: {names or 'none'})")
        click.echo(f"{forget} is no longer trusted.")
    elif host is not None and port is not None:
        raise click.UsageError("--port is where a code is shown; name another's as HOST:PORT")
    else:
        from satellite.cli import pairing

        if find:
            state.run(lambda _bus: pairing.find())
        elif host is None:
            state.run(lambda _bus: pairing.offer(settings, port))
        else:
            state.run(lambda _bus: pairing.join(settings, host))


def _list(json: bool) -> None:
    from satellite.net import pairing as trust
    from satellite.net.pairing.identity import identity, shown

    me, peers = identity(trust.folder()), trust.peers().all()
    if json:
        rows = [
            {"name": p.name, "host": p.host, "fingerprint": p.fingerprint, "since": p.since}
            for p in peers
        ]
        click.echo(msgspec.json.format(msgspec.json.encode(rows)).decode())
        return
    if not peers:
        click.echo("This machine is paired with none.", err=True)
    else:
        header = ("NAME", "ADDRESS THEN", "SINCE (UTC)", "KEY")
        cells = [(p.name, p.host, p.since, shown(p.fingerprint)) for p in peers]
        click.echo(table(cells, header=header))
    if me is not None:
        click.echo(f"This machine's own key is {shown(me.fingerprint)}.", err=True)
