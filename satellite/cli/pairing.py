"""The asynchronous part of `satellite pair`."""

from __future__ import annotations

import asyncio

import click

from satellite.cli.table import table
from satellite.errors import PeerUnreachable, SatelliteError
from satellite.lib.taskgroups import first_error
from satellite.net import pairing
from satellite.net.discovery import pairing_codes
from satellite.net.discovery.mdns import NoMulticast
from satellite.net.pairing import join as joining
from satellite.net.pairing.identity import shown
from satellite.net.pairing.known_peers import KnownPeer
from satellite.net.pairing.offer import PORT, VALID, Offer, new_code
from satellite.settings import Settings


async def offer(settings: Settings, port: int | None) -> None:
    """Show a code until somebody has joined."""
    code = new_code()
    offered = Offer(
        pairing.folder(),
        settings.name,
        code,
        lambda text: click.echo(f"A try failed: {text}", err=True),
    )

    async def announce(bound: int) -> None:
        try:
            await pairing_codes.announce(settings.name, bound)
        except NoMulticast as error:
            click.echo(f"It is not announced on the LAN: {error}", err=True)

    allow = settings.allow
    with first_error(SatelliteError):
        async with offered.open("*", PORT if port is None else port, allow) as bound:
            suffix = "" if bound == PORT else f":{bound}"
            click.echo(f"The code is {code[:4]} {code[4:]}")
            click.echo(f"Type it on the other machine within {VALID:g} s, after this command:")
            click.echo(f"  satellite pair {settings.name}{suffix}")
            async with asyncio.TaskGroup() as tasks:
                announcer = None
                if settings.zeroconf:
                    announcer = tasks.create_task(announce(bound))
                try:
                    _tell(await offered.paired())
                finally:
                    if announcer is not None:
                        announcer.cancel()


async def find() -> None:
    """Show who shows a code."""
    found = await pairing_codes.find()
    if not found:
        click.echo("Nobody on the LAN shows a code now.", err=True)
        return
    rows = [(name, f"{host}:{port}") for name, (host, port) in found.items()]
    click.echo(table(rows, header=("NAME", "ADDRESS")))


async def join(settings: Settings, text: str) -> None:
    """Ask for the code that is shown elsewhere, and pair with it."""
    host, port = pairing_codes.split(text)
    try:
        await joining.reachable(host, port)
    except PeerUnreachable:
        try:
            found = await pairing_codes.find() if settings.zeroconf else {}
        except NoMulticast:
            found = {}
        if host not in found:
            raise
        host, port = found[host]
        await joining.reachable(host, port)
    code = await asyncio.to_thread(click.prompt, "The code that is shown there", type=str)
    _tell(await joining.join(pairing.folder(), host, port, code, settings.name))


def _tell(peer: KnownPeer) -> None:
    click.echo(f"Paired with {peer.name}, whose key is {shown(peer.fingerprint)}.")
