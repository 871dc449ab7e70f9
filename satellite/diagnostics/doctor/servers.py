"""The servers, found or set: whether they answer, their latency and their version."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator

import msgspec

from satellite.components import spec
from satellite.diagnostics.doctor.context import Context
from satellite.errors import WireError
from satellite.lib.finding import Finding, broken, note, ok, warning
from satellite.net.discovery.mdns import NoMulticast
from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService, read_service
from satellite.net.discovery.services import AdvertisedService
from satellite.net.pairing import Pairing, policy
from satellite.net.remotes.probe import ProbeResult, probe
from satellite.ports import ENGINE_ROLES
from satellite.requirements import install_command, own_version

ADDRESSES = 4
"""Addresses to try of one server; each one without an answer takes seconds."""

SLOW = 0.5
"""Seconds to describe itself from which people notice the server's delay in every turn."""


class NamedServer(msgspec.Struct, frozen=True):
    """A server in the configuration."""

    uri: str
    setting: str
    role: str = ""
    """Empty for a server of any role."""


async def servers(context: Context) -> AsyncGenerator[Finding, None]:
    """Report the servers of the configuration and those found on the LAN."""
    services: tuple[AdvertisedService, ...] = ()
    if context.settings.zeroconf:
        try:
            services = await context.adverts()
        except NoMulticast as error:
            yield note("servers", "none can be found", str(error), "satellite doctor network")
    names = list(named(context))
    async with asyncio.TaskGroup() as tasks:
        reaching = [tasks.create_task(_reach(service, context.pairing)) for service in services]
        probing = [tasks.create_task(probe(name.uri, context.pairing)) for name in names]
    for name, task in zip(names, probing, strict=True):
        yield judge_named(name, task.result(), services)
    usable = False
    for service, task in zip(services, reaching, strict=True):
        finding = judge_found(service, task.result())
        usable = usable or finding.state == "ok"
        yield finding
    if not usable and not names:
        yield note(
            "servers",
            "none answers on the LAN",
            "The built-in engines answer: time, timers, volume and the like.",
            "start one on a bigger machine: satellite --server",
        )


async def found_servers(context: Context) -> list[RemoteService]:
    """Return the services of the LAN that describe themselves, without a finding."""
    try:
        services = await context.adverts()
    except NoMulticast:  # reported by `servers`
        return []
    answers = await asyncio.gather(*(_reach(service, context.pairing) for service in services))
    read = [_read(answer.uri, answer) for answer in answers if answer.info is not None]
    return [server for server in read if server is not None]


def named(context: Context) -> Iterator[NamedServer]:
    """Yield the servers of the configuration."""
    for role in ENGINE_ROLES:
        text = getattr(context.settings, role)
        if spec.is_uri(text):
            yield NamedServer(text, role, role)
    for pin in Preferences.from_settings(context.settings.servers).addresses:
        yield NamedServer(pin, "servers.pin")


def judge_named(
    name: NamedServer, answer: ProbeResult, services: tuple[AdvertisedService, ...]
) -> Finding:
    """Judge a server of the configuration by its answer."""
    about = f"{name.setting} = {name.uri}"
    if answer.info is None:
        same = [s for s in services if name.role and s.facts.get("role") == name.role and s.uris]
        elsewhere = f"; there is one at {same[0].uris[0]}" if same else ""
        return broken(
            about,
            answer.problem,
            "Requests to this server fail, or another engine takes them.",
            "start it there (satellite --server), or set "
            f"{name.setting} to another server or to auto{elsewhere}",
        )
    server = _read(name.uri, answer)
    if server is None:
        means = "Every request to this address fails."
        return broken(about, "it does not speak the Wyoming protocol", means, "correct the address")
    if name.role and name.role not in server.roles:
        return broken(
            about,
            f"it serves {_purpose(server)}, not {name.role}",
            f"Every request for {name.role} fails.",
            f"set {name.setting} to a server of {name.role}, or to auto",
        )
    facts = next((service.facts for service in services if name.uri in service.uris), {})
    return _judge_quality(about, server, answer, facts.get("version", ""))


def judge_found(service: AdvertisedService, answer: ProbeResult) -> Finding:
    """Judge a service of the LAN by its answer."""
    about, means = service.instance, "The satellite does not use it."
    if answer.info is None:
        return warning(
            about,
            f"is announced, but cannot be used: {answer.problem}",
            means,
            "check that it still runs, that the firewall of its machine opens its port, and that "
            "it is paired (satellite pair)",
        )
    server = _read(answer.uri, answer)
    if server is None:
        found = f"{answer.uri} does not speak the Wyoming protocol"
        return warning(about, found, means, "update or stop it")
    return _judge_quality(about, server, answer, service.facts.get("version", ""))


def _judge_quality(about: str, server: RemoteService, answer: ProbeResult, release: str) -> Finding:
    found = f"{_purpose(server)} at {answer.uri}, described in {answer.latency}"
    mine = own_version()
    if server.ours and release and release != mine:
        return warning(
            about,
            f"{found}; it is version {release}, this satellite {mine}",
            "They work together, but the older one lacks functions of the newer.",
            f"install the same version on both: {install_command(upgrade=True)}",
        )
    if answer.fastest > SLOW:
        return warning(
            about,
            found,
            "Answers come late: it is overloaded, or the network is slow.",
            "check its load; connect both machines by cable; ping it",
        )
    return ok(about, found + (f", version {release}" if release else ""))


async def _reach(service: AdvertisedService, pairing: Pairing) -> ProbeResult:
    """Probe a service at the first of its addresses that answers."""
    answer = ProbeResult(uri="", problem="its advert has no address")
    try:
        uris = policy.reachable_uris(
            pairing, service.instance, service.facts, service.hosts, service.uris
        )
    except WireError as error:
        return ProbeResult(uri="", problem=str(error))
    for uri in uris[:ADDRESSES]:
        answer = await probe(uri, pairing)
        if answer.info is not None:
            break
    return answer


def _purpose(server: RemoteService) -> str:
    return ", ".join(server.roles) or ("a satellite" if server.satellite else "nothing")


def _read(uri: str, answer: ProbeResult) -> RemoteService | None:
    assert answer.info is not None
    try:
        return read_service(uri, uri, answer.info, answer.fastest)
    except WireError:
        return None
