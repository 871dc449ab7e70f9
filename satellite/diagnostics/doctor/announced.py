"""How this machine is announced: under which names, at which addresses, and only once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator

from satellite.diagnostics.doctor.adverts import HeardAdvert
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.expected_ports import Wanted, only_here, wanted
from satellite.diagnostics.doctor.finding import Finding, broken, note, ok, warning
from satellite.diagnostics.doctor.listening_ports import listeners
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.net.discovery.addresses import ANY, adapters
from satellite.net.discovery.mdns import NoMulticast


async def adverts(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """How this machine is announced: under which names, at which addresses, and only once."""
    if not case.settings.zeroconf:
        yield note(
            "advert",
            "switched off (zeroconf = false)",
            "Home Assistant does not find it by itself.",
            "add it by hand there: Settings, Devices, Add integration, Wyoming, host and port",
        )
        return
    try:
        heard = await case.adverts()
    except NoMulticast as error:
        yield broken("advert", str(error), "Home Assistant finds nothing by itself.", "")
        return
    mine = {str(address) for _, address in await run_in_daemon_thread(lambda: list(adapters()))}
    ports = {item.port: item for item in await run_in_daemon_thread(lambda: listeners(case))}
    for finding in judge_adverts(heard, mine, set(ports), wanted(case.settings)):
        yield finding


def judge_adverts(
    heard: tuple[HeardAdvert, ...], mine: set[str], listening: set[int], wants: list[Wanted]
) -> Iterator[Finding]:
    """What is right and wrong with the adverts, those of other machines included."""
    announced = set()
    for advert in heard:
        places = {address.partition("%")[0] for address in advert.addresses}
        own = bool(places & mine) and advert.port in listening
        if own:
            announced.add(advert.port)
        yield from _judge_advert(advert, places, mine, own=own)
    for want in wants:
        if want.port in listening and want.port not in announced:
            yield warning(
                f"port {want.port}",
                "is not announced, though something listens there",
                "Home Assistant does not find it by itself.",
                "is zeroconf on for it, and multicast let through (satellite doctor network)? Or "
                f"add it by hand: host and port {want.port}",
            )
    bare: dict[str, list[HeardAdvert]] = {}
    for advert in heard:
        if advert.facts.get("by") == "satellite":
            bare.setdefault(_without_number(advert.instance), []).append(advert)
    for name, alike in bare.items():
        if len(alike) > 1 and any(advert.instance != name for advert in alike):
            where = ", ".join(f"{a.instance} ({', '.join(a.addresses[:1])})" for a in alike)
            yield warning(
                "advert",
                f"several are called {name}: {where}",
                "Which has a number after its name depends on who starts first; Home Assistant "
                "then mixes them up.",
                'give each machine a name of its own: name = "kitchen" in its configuration',
            )


def _judge_advert(
    advert: HeardAdvert, places: set[str], mine: set[str], *, own: bool
) -> Iterator[Finding]:
    about = f"advert {advert.instance}"
    if not places or not advert.port:
        return  # the check of the servers tells
    useless = sorted(place for place in places if place in ANY or only_here(place))
    if useless == sorted(places):
        means = "Home Assistant on another machine cannot reach it, or does not see it at all."
        how = "listen on 0.0.0.0 and leave the addresses to be found (no homeassistant.advertise)"
        yield broken(about, f"announces {', '.join(useless)}", means, how)
    elif useless:
        means = "Some who find it try in vain first."
        yield warning(about, f"announces {', '.join(useless)}, too", means, "announce others only")
    elif own and (stale := sorted(places - mine)):
        yield warning(
            about,
            f"announces {', '.join(stale)}, which this machine has no more",
            "Home Assistant may keep the old address and call it unavailable.",
            "restart it; let the router always give the same address (DHCP reservation)",
        )
    elif own:
        yield ok(about, f"port {advert.port} at {', '.join(sorted(places))}")


def _without_number(instance: str) -> str:
    """A name without the number that zeroconf gives to the second of the same (`name-2`)."""
    head, _, tail = instance.rpartition("-")
    return head if head and tail.isdigit() else instance
