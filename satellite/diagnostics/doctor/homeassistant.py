"""What a Home Assistant sees of this machine: where, as what, how quickly, and by which name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.expected_ports import Wanted, only_here, wanted
from satellite.diagnostics.doctor.finding import Finding, broken, note, ok, warning
from satellite.diagnostics.doctor.listening_ports import listeners
from satellite.diagnostics.doctor.probe import ProbeResult, ask, ping
from satellite.errors import BadFrame, WireError
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.net import info as infos
from satellite.net.discovery.addresses import announced_addresses
from satellite.net.uri import Tcp

PROMPT = 1.0
"""Seconds for describe beyond which older Home Assistants (2024) give up, and the newer soon."""

_PLATFORMS = {
    "asr": "speech-to-text",
    "tts": "text-to-speech",
    "wake": "wake word",
    "llm": "conversation agent",
}


async def seen(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Each service of this machine: reached at every address, and taken for what it is."""
    listening = {item.port for item in await run_in_daemon_thread(lambda: listeners(case))}
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
    if only_here(want.host):
        yield broken(
            about,
            f"listens on {want.host} alone",
            "Home Assistant on another machine cannot reach it.",
            f"listen on every address: {_everywhere(want)}",
        )
        places: tuple[str, ...] = (want.host,)
    else:
        places = await run_in_daemon_thread(lambda: announced_addresses(want.host))
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


def judge(want: Wanted, asked: ProbeResult) -> Iterator[Finding]:
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


def _names(role: str, info: Any) -> str:
    programs = getattr(info, {"llm": "handle"}.get(role, role)) or info.intent
    return ", ".join(program.name for program in programs)
