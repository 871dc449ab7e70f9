"""`satellite --server`: serves engines until it is stopped."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping

from satellite.cli.flags import Invocation
from satellite.cli.machine_routes import machine_routes
from satellite.diagnostics.log.latest_messages import LatestMessages
from satellite.events import Event, Ready
from satellite.lib.bus import Bus
from satellite.net.discovery.addresses import announced_addresses
from satellite.net.uri import Tcp, parse
from satellite.settings import Settings
from servers import app

_LOGGER = logging.getLogger(__name__)

SWITCH = 0.001
"""Seconds for which one thread may run Python code while the event loop waits, in place of 5 ms."""

NICE = 5
"""Steps by which model threads have a lower priority: clients get answers while all of them work.
"""


def server(invocation: Invocation) -> None:
    """Serve the roles of the settings."""
    settings = invocation.settings(renew=True)
    sys.setswitchinterval(SWITCH)
    log = LatestMessages()

    async def serve(bus: Bus) -> None:
        def publish(event: Event) -> None:
            bus.publish(event)
            if isinstance(event, Ready) and (line := how_to_use(settings, event.engines)):
                _LOGGER.info("%s", line)

        machine = machine_routes(invocation, settings, log, satellite=False)
        await app.run(settings, publish, nice=NICE, machine=machine)

    with log.collected():
        invocation.run(serve, lasting=True, patience=settings.server.drain)


def how_to_use(settings: Settings, served: Mapping[str, str]) -> str:
    """Return how a satellite uses the servers, by role and URI; empty where none can."""
    flags, remote = [], False
    for role, uri in served.items():
        address = parse(uri)
        if isinstance(address, Tcp):
            host = (*announced_addresses(address.host), address.host)[0]
            remote |= not host.startswith(("127.", "::1", "localhost"))
            uri = str(Tcp(host, address.port))
        flags.append(f"--{role} {uri}")
    if not flags:
        return ""
    named = f"satellite {' '.join(flags)}"
    if settings.pairing.required:
        return f"pair each satellite first (satellite pair); then: {named}"
    if not remote:
        return f"use on this machine: {named}"
    if settings.zeroconf:
        return f"satellites on this network find it by themselves; elsewhere: {named}"
    return f"use: {named}"
