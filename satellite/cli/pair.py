"""`satellite pair`: exchanges the keys of two machines, authenticated by a code."""

from __future__ import annotations

import asyncio

import click

from satellite.cli import command, flags
from satellite.cli.screen import echo, print_json, print_table, print_text
from satellite.errors import PeerUnreachable, SatelliteError, UsageError
from satellite.lib.taskgroups import first_error
from satellite.net.discovery import pairing_codes
from satellite.net.discovery.mdns import NoMulticast
from satellite.net.pairing import Pairing
from satellite.net.pairing import join as joining
from satellite.net.pairing.identity import grouped, read_identity
from satellite.net.pairing.known_peers import KnownPeer
from satellite.net.pairing.offer import PORT, VALID, Offer, new_code
from satellite.settings import Settings


@command.command()
@click.argument("host", required=False)
@command.option(
    "--list",
    "listed",
    is_flag=True,
    help="List the machines that this one is paired with",
)
@command.option(
    "--forget",
    metavar="NAME",
    help="Stop trusting a machine",
)
@command.option(
    "--find",
    is_flag=True,
    help="List the machines on the LAN that show a code now",
)
@command.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="TCP port to wait for the other machine at; 0 for any free one  [default: 10801]",
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
    """Pair two machines for encrypted connections.

    Paired machines use TLS and know each other by their keys. Run it without HOST on one of them
    (the server, say): it shows a code and waits for two minutes. Run it on the other one with the
    name or address of the first as HOST, and type that code.
    """
    invocation = flags.invocation(context)
    settings = invocation.settings()
    if sum((host is not None, listed, forget is not None, find)) > 1:
        raise click.UsageError("HOST, --list, --forget and --find exclude each other")
    if invocation.json and not listed:
        raise click.UsageError("--json is for --list")
    known = Pairing(settings.pairing)
    if listed:
        _list(known, invocation.json)
    elif forget is not None:
        if not known.peers.forget(forget):
            names = ", ".join(peer.name for peer in known.peers.all())
            raise UsageError(f"{forget} is not paired (paired machines: {names or 'none'})")
        echo(f"{forget} is no longer trusted.")
    elif host is not None and port is not None:
        raise click.UsageError("--port is for the machine that shows the code; use HOST:PORT here")
    else:
        if find:
            invocation.run(lambda _bus: _find())
        elif host is None:
            invocation.run(lambda _bus: _offer(settings, port))
        else:
            invocation.run(lambda _bus: _join(settings, host))


def _list(known: Pairing, json: bool) -> None:
    me, peers = read_identity(known.keys), known.peers.all()
    if json:
        rows = [
            {"name": p.name, "host": p.host, "fingerprint": p.fingerprint, "since": p.since}
            for p in peers
        ]
        print_json(rows)
        return
    if not peers:
        print_text("This machine is not paired with any other.", err=True)
    else:
        header = ("NAME", "ADDRESS THEN", "SINCE (UTC)", "KEY")
        cells = [(p.name, p.host, p.since, grouped(p.fingerprint)) for p in peers]
        print_table(cells, header=header)
    if me is not None:
        print_text(f"The key of this machine is {grouped(me.fingerprint)}.", err=True)


async def _offer(settings: Settings, port: int | None) -> None:
    """Show a code until another machine has paired."""
    code = new_code()
    offered = Offer(
        Pairing(settings.pairing).keys,
        settings.name,
        code,
        lambda text: print_text(f"An attempt failed: {text}", err=True),
    )

    async def announce(bound: int) -> None:
        try:
            await pairing_codes.announce(settings.name, bound)
        except NoMulticast as error:
            print_text(f"Not announced on the LAN: {error}", err=True)

    allow = settings.allow
    with first_error(SatelliteError):
        async with offered.open("*", PORT if port is None else port, allow) as bound:
            suffix = "" if bound == PORT else f":{bound}"
            echo(f"The code is {code[:4]} {code[4:]}")
            echo(f"Type it on the other machine within {VALID:g} s, after this command:")
            echo(f"  satellite pair {settings.name}{suffix}")
            async with asyncio.TaskGroup() as tasks:
                announcer = None
                if settings.zeroconf:
                    announcer = tasks.create_task(announce(bound))
                try:
                    _report(await offered.paired())
                finally:
                    if announcer is not None:
                        announcer.cancel()


async def _find() -> None:
    """List the machines that show a code."""
    found = await pairing_codes.find()
    if not found:
        print_text("No machine on the LAN shows a code now.", err=True)
        return
    rows = [(name, f"{host}:{port}") for name, (host, port) in found.items()]
    print_table(rows, header=("NAME", "ADDRESS"))


async def _join(settings: Settings, text: str) -> None:
    """Ask for the code that the other machine shows, and pair with that machine."""
    host, port = pairing_codes.parse_address(text)
    try:
        await joining.check_reachable(host, port)
    except PeerUnreachable:
        try:
            found = await pairing_codes.find() if settings.zeroconf else {}
        except NoMulticast:
            found = {}
        if host not in found:
            raise
        host, port = found[host]
        await joining.check_reachable(host, port)
    code = await asyncio.to_thread(click.prompt, "The code on the other machine", type=str)
    _report(await joining.join(Pairing(settings.pairing).keys, host, port, code, settings.name))


def _report(peer: KnownPeer) -> None:
    print_text(f"Paired with {peer.name}, whose key is {grouped(peer.fingerprint)}.")
