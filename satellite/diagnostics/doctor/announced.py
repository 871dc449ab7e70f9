"""The adverts of this machine: at which addresses, and under unique names."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterator

from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.port_checks import (
    ExpectedPort,
    expected_ports,
    is_loopback,
    is_taken,
)
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.lib.finding import Finding, broken, note, ok, warning
from satellite.net.discovery.addresses import ANY, adapters
from satellite.net.discovery.mdns import NoMulticast
from satellite.net.discovery.services import AdvertisedService


async def adverts(context: Context) -> AsyncGenerator[Finding, None]:
    """Report how this machine announces its services."""
    means = "Home Assistant does not find it automatically."
    if not context.settings.zeroconf:
        yield note(
            "advert",
            "switched off (zeroconf = false)",
            means,
            "add it in Home Assistant by hand: Settings, Devices, Add integration, Wyoming, then "
            "host and port",
        )
        return
    try:
        services = await context.adverts()
    except NoMulticast as error:
        yield broken("advert", str(error), means, "connect this machine to a network")
        return
    expected = expected_ports(context.settings)

    def look() -> tuple[set[str], set[int]]:
        mine = {str(address) for _, address in adapters()}
        ports = {(port.host, port.number) for port in expected}
        ports |= {("0.0.0.0", service.port) for service in services if service.port}
        return mine, {number for host, number in ports if is_taken(host, number)}

    mine, listening = await run_in_daemon_thread(look)
    for finding in judge_adverts(services, mine, listening, expected):
        yield finding


def judge_adverts(
    services: tuple[AdvertisedService, ...],
    mine: Collection[str],
    listening: Collection[int],
    expected: list[ExpectedPort],
) -> Iterator[Finding]:
    """Judge the adverts on the LAN; `mine` are this machine's addresses, and `listening` the ports
    on which it listens."""
    announced = set()
    for service in services:
        places = {address.partition("%")[0] for address in service.addresses}
        own = bool(places.intersection(mine)) and service.port in listening
        if own:
            announced.add(service.port)
        yield from _judge_addresses(service, places, mine, own=own)
    for port in expected:
        if port.number in listening and port.number not in announced:
            yield warning(
                f"port {port.number}",
                "is not announced, though a program listens there",
                "Home Assistant does not find it automatically.",
                "check that zeroconf is on and multicast works (satellite doctor network), or add "
                f"it by hand: host and port {port.number}",
            )
    yield from _judge_names(services)


def _judge_addresses(
    service: AdvertisedService, places: set[str], mine: Collection[str], *, own: bool
) -> Iterator[Finding]:
    about = f"advert {service.instance}"
    if not places or not service.port:
        return  # reported by the check of the servers
    useless = sorted(place for place in places if place in ANY or is_loopback(place))
    stale = sorted(places.difference(mine)) if own else []
    if len(useless) == len(places):
        means = "Home Assistant on another machine cannot reach it, or does not see it at all."
        remedy = "listen on 0.0.0.0, and remove homeassistant.advertise"
        yield broken(about, f"announces {', '.join(useless)}", means, remedy)
    elif useless:
        means = "Other machines try an address first that they cannot reach."
        remedy = "remove that address from homeassistant.advertise"
        yield warning(about, f"announces {', '.join(useless)}, too", means, remedy)
    elif stale:
        yield warning(
            about,
            f"announces {', '.join(stale)}, which this machine no longer has",
            "Home Assistant may use the old address and call it unavailable.",
            "restart the service; have the router always assign the same address (DHCP)",
        )
    elif own:
        yield ok(about, f"port {service.port} at {', '.join(sorted(places))}")


def _judge_names(services: tuple[AdvertisedService, ...]) -> Iterator[Finding]:
    named: dict[str, list[AdvertisedService]] = {}
    for service in services:
        if service.facts.get("by") == "satellite":
            # zeroconf numbers the second service of a name: `name-2`
            head, _, tail = service.instance.rpartition("-")
            name = head if head and tail.isdigit() else service.instance
            named.setdefault(name, []).append(service)
    for name, alike in named.items():
        if len(alike) > 1 and any(service.instance != name for service in alike):
            where = ", ".join(f"{a.instance} ({', '.join(a.addresses[:1])})" for a in alike)
            yield warning(
                "advert",
                f"several are called {name}: {where}",
                "The one that starts second gets a number after its name, so Home Assistant may "
                "confuse them.",
                'give each machine its own name: name = "kitchen" in its configuration',
            )
