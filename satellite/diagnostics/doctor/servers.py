"""Every server, found or named: whether it answers, how quickly, and which version it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from importlib.metadata import version

import msgspec

from satellite.components import spec
from satellite.diagnostics.doctor.adverts import HeardAdvert
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, broken, note, ok, warning
from satellite.diagnostics.doctor.probe import ProbeResult, ask
from satellite.errors import BadFrame, WireError
from satellite.net.discovery.mdns import NoMulticast
from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService, read_service
from satellite.net.pairing import policy
from satellite.ports import ENGINE_ROLES

ADDRESSES = 4
"""Addresses tried of one server, each of which may take seconds to be found silent."""

SLOW = 0.5
"""Seconds to describe itself beyond which a person feels it in every turn."""


class NamedServer(msgspec.Struct, frozen=True):
    """A server that the configuration names."""

    uri: str
    setting: str
    role: str = ""
    """Empty where it may be of any."""


async def servers(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """The servers that were found, and those that were named."""
    heard: tuple[HeardAdvert, ...] = ()
    if case.settings.zeroconf:
        try:
            heard = await case.adverts()
        except NoMulticast as error:
            yield note("servers", "none can be looked for", str(error), "satellite doctor network")
    names = list(named(case))
    async with asyncio.TaskGroup() as tasks:
        found = [tasks.create_task(_reach(advert)) for advert in heard]
        asked = [tasks.create_task(ask(name.uri)) for name in names]
    for name, task in zip(names, asked, strict=True):
        yield judge_named(name, task.result(), heard)
    any_server = False
    for advert, task in zip(heard, found, strict=True):
        for finding in judge_found(advert, task.result()):
            any_server = any_server or finding.state == "ok"
            yield finding
    if not any_server and not names:
        yield note(
            "servers",
            "none answers on the LAN",
            "The built-in engines answer: time, timers, volume and the like.",
            "start one on a bigger machine: satellite --server",
        )


def named(case: ExaminationInput) -> Iterator[NamedServer]:
    """The addresses of servers in the configuration."""
    for role in ENGINE_ROLES:
        text = getattr(case.settings, role)
        if spec.is_uri(text):
            yield NamedServer(text, role, role)
    for pin in Preferences.of(case.settings.servers).addresses:
        yield NamedServer(pin, "servers.pin")


def judge_named(name: NamedServer, asked: ProbeResult, heard: tuple[HeardAdvert, ...]) -> Finding:
    """What a server that was named is like; without it something does not work."""
    about = f"{name.setting} = {name.uri}"
    if asked.info is None:
        moved = [advert for advert in heard if advert.facts.get("role") == name.role and name.role]
        elsewhere = f"; one is found at {moved[0].uris[0]}" if moved and moved[0].uris else ""
        return broken(
            about,
            asked.problem,
            "What is set to it does not work, or another one does it.",
            f"start it there (satellite --server), or set {name.setting} to another or to auto"
            + elsewhere,
        )
    server = _read(name.uri, asked)
    if server is None:
        return broken(about, "it does not speak the Wyoming protocol", "", "correct the address")
    if name.role and name.role not in server.roles:
        does = ", ".join(server.roles) or ("a satellite" if server.satellite else "nothing")
        return broken(
            about,
            f"it serves {does}, not {name.role}",
            f"Every request to {name.role} fails.",
            f"set {name.setting} to a server of {name.role}, or to auto",
        )
    return _quality(about, server, asked, _version_of(name.uri, heard))


def judge_found(advert: HeardAdvert, asked: ProbeResult) -> Iterator[Finding]:
    """What a service that was found is like."""
    about = advert.instance
    if asked.info is None:
        yield warning(
            about,
            f"is announced, but cannot be used: {asked.problem}",
            "It is passed over.",
            "see whether it still runs, whether a firewall on its machine keeps its port shut, and "
            "whether it is paired (satellite pair)",
        )
        return
    server = _read(asked.uri, asked)
    if server is None:
        means = "It is passed over."
        yield warning(about, f"{asked.uri} does not speak Wyoming", means, "update or stop it")
        return
    yield _quality(about, server, asked, advert.facts.get("version", ""))


def _quality(about: str, server: RemoteService, asked: ProbeResult, release: str) -> Finding:
    does = ", ".join(server.roles) or ("a satellite" if server.satellite else "nothing")
    found = f"{does} at {asked.uri}, described in {asked.latency}"
    mine = version("satellite")
    if server.ours and release and release != mine:
        return warning(
            about,
            f"{found}; it is version {release}, this satellite {mine}",
            "They understand each other, but one of them lacks what the other can do.",
            "install the same version on both: pip install --upgrade satellite",
        )
    if asked.fastest > SLOW:
        return warning(
            about,
            found,
            "It is overloaded, or the network to it is bad: answers come late.",
            "see its load; put it or this machine on a cable; ping it",
        )
    return ok(about, found + (f", version {release}" if release else ""))


async def _reach(advert: HeardAdvert) -> ProbeResult:
    """Ask a service at the first of its addresses that answers."""
    answer = ProbeResult(uri="", problem="it does not say where it is")
    try:
        uris = policy.places(advert.instance, advert.facts, advert.hosts, advert.uris)
    except WireError as error:
        return ProbeResult(uri="", problem=str(error))
    for uri in uris[:ADDRESSES]:
        answer = await ask(uri)
        if answer.info is not None:
            break
    return answer


def _read(uri: str, asked: ProbeResult) -> RemoteService | None:
    assert asked.info is not None
    try:
        return read_service(uri, uri, asked.info, asked.fastest)
    except (BadFrame, WireError):
        return None


def _version_of(uri: str, heard: tuple[HeardAdvert, ...]) -> str:
    """The version that the advert of a named server tells, if it is announced."""
    facts = (advert.facts for advert in heard if uri in advert.uris)
    return next((fact.get("version", "") for fact in facts), "")
