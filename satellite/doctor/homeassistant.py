"""What a Home Assistant sees of this machine: where, as what, how quickly, and by which name."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from satellite.doctor.adverts import Heard
from satellite.doctor.aside import aside
from satellite.doctor.asked import Asked, ask, ping
from satellite.doctor.case import Case
from satellite.doctor.finding import Finding, broken, note, ok, warning
from satellite.doctor.ports import listeners
from satellite.doctor.wanted import Wanted, wanted
from satellite.errors import BadFrame, WireError
from satellite.net import info as infos
from satellite.net.addresses import ANY, adapters, reachable
from satellite.net.mdns import NoMulticast
from satellite.net.uri import Tcp

PROMPT = 1.0
"""Seconds for describe beyond which older Home Assistants (2024) give up, and the newer soon."""

_PLATFORMS = {
    "asr": "speech-to-text",
    "tts": "text-to-speech",
    "wake": "wake word",
    "llm": "conversation agent",
}


async def seen(case: Case) -> AsyncGenerator[Finding, None]:
    """Each service of this machine: reached at every address, and taken for what it is."""
    listening = {item.port for item in await aside(lambda: listeners(case))}
    anything = False
    for want in wanted(case.settings):
        if want.port in listening:
            anything = True
            async for finding in service(want):
                yield finding
        elif want.role == "satellite":
            yield _not_listening(want)
    if not anything:
        yield note(
            "servers",
            "none runs on this machine",
            "Home Assistant is offered no speech-to-text, text-to-speech or wake words here.",
            "if it is to be: satellite --server",
        )


async def service(want: Wanted) -> AsyncGenerator[Finding, None]:
    """What Home Assistant finds at one port."""
    about = f"port {want.port}"
    if _only_here(want.host):
        yield broken(
            about,
            f"listens on {want.host} alone",
            "Home Assistant on another machine cannot reach it.",
            f"listen on every address: {_everywhere(want)}",
        )
        places: tuple[str, ...] = (want.host,)
    else:
        places = await aside(lambda: reachable(want.host))
    uris = [str(Tcp(place, want.port)) for place in places]
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(ask(uri)) for uri in uris]
    answers = [task.result() for task in asked]
    for answer in answers:
        if answer.info is None:
            yield broken(
                about,
                answer.problem,
                "Home Assistant cannot connect there.",
                f"is {want.what} running, and does it listen on 0.0.0.0? A firewall: satellite "
                "doctor firewall",
            )
    if good := next((answer for answer in answers if answer.info is not None), None):
        for finding in judge(want, good):
            yield finding
        yield await _pinged(about, good.uri)


def judge(want: Wanted, asked: Asked) -> Iterator[Finding]:
    """What Home Assistant makes of an answer to describe."""
    about = f"port {want.port}"
    assert asked.info is not None
    try:
        info = infos.from_event(asked.info)
    except BadFrame as error:
        yield broken(about, str(error), "Home Assistant cannot read it.", "update the program")
        return
    roles = infos.roles(info)
    satellite = info.satellite is not None and info.satellite.installed
    if not satellite and not roles:
        means = 'Home Assistant says "no services" and adds nothing.'
        yield broken(about, "it offers nothing that is installed", means, "satellite models pull")
        return
    if satellite:
        assert info.satellite is not None
        yield ok(about, f"{info.satellite.name}: an Assist satellite at {asked.uri}")
        if ignored := [_PLATFORMS[role] for role in roles if role != "wake"]:
            yield warning(
                about,
                f"it also offers {', '.join(ignored)}",
                "Home Assistant takes one role from a port, the satellite: the others are ignored.",
                "serve them at ports of their own: satellite --server",
            )
        if not info.satellite.area:
            hint = 'area = "Kitchen" in the configuration'
            yield note(about, "no area is set", "Home Assistant has to be told the room.", hint)
    else:
        offers = ", ".join(f"{_PLATFORMS[role]} ({_names(role, info)})" for role in roles)
        yield ok(about, f"{offers} at {asked.uri}")
        if len(roles) > 1:
            yield note(about, "several roles at one port", "All are taken, the first of each.", "")
    if asked.slowest > PROMPT:
        yield warning(
            about,
            f"describe took {asked.latency}",
            "Home Assistant gives up after 5 s (older ones after 1 s) and calls it unavailable.",
            "see the load of this machine: satellite doctor machine",
        )
    else:
        yield ok(about, f"describe answered in {asked.latency}")


async def adverts(case: Case) -> AsyncGenerator[Finding, None]:
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
    mine = {str(address) for _, address in await aside(lambda: list(adapters()))}
    ports = {item.port: item for item in await aside(lambda: listeners(case))}
    for finding in judge_adverts(heard, mine, set(ports), wanted(case.settings)):
        yield finding


def judge_adverts(
    heard: tuple[Heard, ...], mine: set[str], listening: set[int], wants: list[Wanted]
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
    bare: dict[str, list[Heard]] = {}
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
    advert: Heard, places: set[str], mine: set[str], *, own: bool
) -> Iterator[Finding]:
    about = f"advert {advert.instance}"
    if not places or not advert.port:
        return  # the check of the servers tells
    useless = sorted(place for place in places if place in ANY or _only_here(place))
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


async def _pinged(about: str, uri: str) -> Finding:
    try:
        took = await ping(uri)
    except WireError as error:
        means = "Home Assistant takes a satellite that is silent for 5 s for lost."
        return warning(about, str(error), means, "update the program that listens there")
    return ok(about, f"ping answered in {took * 1000:.0f} ms")


def _not_listening(want: Wanted) -> Finding:
    return warning(
        f"port {want.port}",
        "no satellite listens there",
        "Home Assistant cannot connect to this satellite.",
        "start it: satellite (as a service: systemctl start satellite); brain must not be local",
    )


def _everywhere(want: Wanted) -> str:
    if want.role == "satellite":
        return f'{want.setting} = "tcp://0.0.0.0:{want.port}"'
    return 'server.host = "0.0.0.0"'


def _only_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _names(role: str, info: Any) -> str:
    programs = getattr(info, {"llm": "handle"}.get(role, role)) or info.intent
    return ", ".join(program.name for program in programs)


def _without_number(instance: str) -> str:
    """A name without the number that zeroconf gives to the second of the same (`name-2`)."""
    head, _, tail = instance.rpartition("-")
    return head if head and tail.isdigit() else instance
