"""The services of this machine as Home Assistant sees them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.port_checks import (
    ExpectedPort,
    expected_ports,
    is_loopback,
    is_taken,
)
from satellite.errors import BadFrame, WireError
from satellite.homeassistant.esphome.door import chosen_door
from satellite.homeassistant.esphome.identity import Identity
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.lib.finding import Finding, broken, note, ok, warning
from satellite.lib.platform import remedies
from satellite.net import info as infos
from satellite.net.discovery.addresses import ANY, announced_addresses
from satellite.net.pairing import Pairing
from satellite.net.remotes.probe import ProbeResult, ping, probe
from satellite.net.uri import Tcp, parse
from satellite.settings import Settings

PROMPT = 1.0
"""Seconds for describe: Home Assistant of 2024 gives up after that, newer ones soon after."""

_PLATFORMS = {
    "asr": "speech-to-text",
    "tts": "text-to-speech",
    "wake": "wake word",
    "llm": "conversation agent",
}


async def services(context: Context) -> AsyncGenerator[Finding, None]:
    """Report each service of this machine: its addresses, its roles and its latency."""
    running = False
    identity = Identity(context.settings.name)
    door = await run_in_daemon_thread(lambda: chosen_door(context.settings, identity))
    if door == "esphome":
        yield await esphome(context.settings, identity)
    for port in expected_ports(context.settings):
        if await run_in_daemon_thread(lambda port=port: is_taken(port.host, port.number)):  # type: ignore[misc]
            running = True
            async for finding in service(port, context.pairing):
                yield finding
        elif port.role == "satellite":
            yield warning(
                f"port {port.number}",
                "no satellite listens there",
                "Home Assistant cannot connect to this satellite.",
                f"start it: {remedies.start_satellite()}; brain must not be local",
            )
    if not running:
        yield note(
            "servers",
            "none runs on this machine",
            "It offers Home Assistant no speech-to-text, text-to-speech or wake words.",
            "to offer them: satellite --server",
        )


async def esphome(settings: Settings, identity: Identity) -> Finding:
    """Report what Home Assistant finds at the port of ESPHome's API."""
    address = parse(settings.homeassistant.esphome)
    if not isinstance(address, Tcp):
        return note("ESPHome's API", f"listens on {address}, which Home Assistant cannot reach")
    about, start = f"port {address.port}", "start it: satellite (homeassistant.esphome)"
    if is_loopback(address.host):
        return broken(
            about,
            f"listens on {address.host} alone",
            "Home Assistant on another machine cannot reach it.",
            f'listen on every address: homeassistant.esphome = "tcp://0.0.0.0:{address.port}"',
        )
    began = asyncio.get_running_loop().time()
    host = "127.0.0.1" if address.host in ANY else address.host
    try:
        async with asyncio.timeout(PROMPT):
            first = await _hello(host, address.port)
    except (OSError, TimeoutError):
        means = "Home Assistant cannot connect to this satellite."
        return warning(about, "no satellite answers by ESPHome's API", means, start)
    if first not in (b"\0", b"\1"):
        means = "Home Assistant cannot connect to this satellite."
        return broken(about, "another program listens there", means, "choose another port")
    took = (asyncio.get_running_loop().time() - began) * 1000
    how = "encrypted" if first == b"\1" else "plain, until Home Assistant makes a key"
    return ok(about, f"{identity.name}: ESPHome's API, {how}, answered in {took:.0f} ms")


async def _hello(host: str, port: int) -> bytes:
    """Return the first byte of the answer to an empty hello."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(b"\0\0\1")
        return await reader.read(1)
    finally:
        writer.transport.abort()


async def service(port: ExpectedPort, pairing: Pairing) -> AsyncGenerator[Finding, None]:
    """Report what Home Assistant finds at one port."""
    about = f"port {port.number}"
    hosts: tuple[str, ...] = (port.host,)
    if is_loopback(port.host):
        everywhere = 'server.host = "0.0.0.0"'
        if port.role == "satellite":
            everywhere = f'{port.setting} = "tcp://0.0.0.0:{port.number}"'
        yield broken(
            about,
            f"listens on {port.host} alone",
            "Home Assistant on another machine cannot reach it.",
            f"listen on every address: {everywhere}",
        )
    else:
        hosts = await run_in_daemon_thread(lambda: announced_addresses(port.host))
    async with asyncio.TaskGroup() as tasks:
        probes = [tasks.create_task(probe(str(Tcp(host, port.number)), pairing)) for host in hosts]
    answers = [task.result() for task in probes]
    for answer in answers:
        if answer.info is None:
            yield broken(
                about,
                answer.problem,
                "Home Assistant cannot connect there.",
                f"check that {port.purpose} runs and listens on 0.0.0.0, and the firewall: "
                "satellite doctor firewall",
            )
    if good := next((answer for answer in answers if answer.info is not None), None):
        for finding in judge(about, good):
            yield finding
        yield await _ping(about, good.uri, pairing)


def judge(about: str, answer: ProbeResult) -> Iterator[Finding]:
    """Judge an answer to describe as Home Assistant reads it."""
    assert answer.info is not None
    try:
        info = infos.from_event(answer.info)
    except BadFrame as error:
        yield broken(about, str(error), "Home Assistant cannot read it.", "update the program")
        return
    roles = infos.roles(info)
    if info.satellite is not None and not info.satellite.installed:
        means = "Home Assistant uses ESPHome's API; other satellites announce here."
        yield note(about, f"{info.satellite.name}: no Wyoming satellite for Home Assistant", means)
    elif info.satellite is not None:
        yield ok(about, f"{info.satellite.name}: an Assist satellite at {answer.uri}")
        if ignored := [_PLATFORMS[role] for role in roles if role != "wake"]:
            yield warning(
                about,
                f"it also offers {', '.join(ignored)}",
                "Home Assistant uses only the satellite of this port and ignores the rest.",
                "serve them at ports of their own: satellite --server",
            )
        if not info.satellite.area:
            remedy = 'area = "Kitchen" in the configuration'
            yield note(about, "no area is set", "Home Assistant will ask for the room.", remedy)
    elif roles:
        offers = ", ".join(f"{_PLATFORMS[role]} ({_names(role, info)})" for role in roles)
        yield ok(about, f"{offers} at {answer.uri}")
        if len(roles) > 1:
            means = "Home Assistant uses all of them, and of each role the first program."
            yield note(about, "several roles at one port", means)
    else:
        means = 'Home Assistant says "no services" and adds nothing.'
        remedy = "fetch a model: satellite models pull NAME"
        yield broken(about, "it offers no installed service", means, remedy)
        return
    if answer.slowest > PROMPT:
        yield warning(
            about,
            f"describe took {answer.latency}",
            "Home Assistant gives up after 5 s (older ones after 1 s) and calls it unavailable.",
            "check the load of this machine: satellite doctor machine",
        )
    else:
        yield ok(about, f"describe answered in {answer.latency}")


async def _ping(about: str, uri: str, pairing: Pairing) -> Finding:
    try:
        took = await ping(uri, pairing)
    except WireError as error:
        means = "Home Assistant drops a satellite that is silent for 5 s."
        return warning(about, str(error), means, "update the program that listens there")
    return ok(about, f"ping answered in {took * 1000:.0f} ms")


def _names(role: str, info: Any) -> str:
    programs = getattr(info, {"llm": "handle"}.get(role, role)) or info.intent
    return ", ".join(program.name for program in programs)
