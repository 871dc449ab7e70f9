"""The network: addresses others can reach, and whether multicast DNS gets through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import partial

from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, broken, note, ok, warning
from satellite.diagnostics.doctor.multicast import Probe, probe
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.net.discovery.addresses import IpAddress, adapters, is_virtual

WITHOUT = "name servers by their addresses, as --asr tcp://HOST:10300, or use --no-zeroconf"
"""What works where multicast does not."""


async def addresses(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Whether this machine can be reached by others at all."""
    every = await run_in_daemon_thread(lambda: list(adapters()))
    outside = [(name, address) for name, address in every if not address.is_loopback]
    real = [(name, address) for name, address in outside if not is_virtual(name)]
    routed = [(name, address) for name, address in real if not address.is_link_local]
    told = ", ".join(f"{address} ({name})" for name, address in routed or real or outside)
    if not outside:
        yield broken(
            "addresses",
            "this machine has no network",
            "No server and no Home Assistant can be reached; built-in engines work.",
            "connect it: nmcli device wifi connect NAME --ask, or plug in a cable",
        )
    elif not real:
        yield warning(
            "addresses",
            f"only of container bridges: {told}",
            "Nobody outside this machine reaches it.",
            "in a container use the host's network (docker run --network host)",
        )
    elif not routed:
        yield warning(
            "addresses",
            f"only link-local ones: {told}",
            "No router has given an address (DHCP).",
            "see whether the router is on, and the cable or Wi-Fi password right",
        )
    else:
        yield ok("addresses", told)


async def multicast_dns(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Whether a question by multicast gets out of every interface, and whether others answer."""
    if not case.settings.zeroconf:
        yield note(
            "multicast DNS",
            "switched off (zeroconf = false)",
            "Nothing is found or announced by itself.",
            "",
        )
        return
    found = [item for item in await run_in_daemon_thread(lambda: list(adapters())) if _asked(*item)]
    async with asyncio.TaskGroup() as tasks:
        probes = [
            tasks.create_task(run_in_daemon_thread(partial(probe, str(address))))
            for _, address in found
        ]
    for (name, _), task in zip(found, probes, strict=True):
        yield _judge(name, task.result(), flagged=_flagged(case, name))
    anybody = any(task.result().answered for task in probes)
    if found and not anybody:
        yield note(
            "multicast DNS",
            "no other machine answered",
            "There may be none; or the access point keeps its guests apart.",
            "switch off 'client isolation' and guest networks, and on with multicast (IGMP "
            f"snooping) in the router; or {WITHOUT}",
        )


def _asked(name: str, address: IpAddress) -> bool:
    """IPv4 interfaces to others: Home Assistant looks for services there."""
    return address.version == 4 and not address.is_loopback and not is_virtual(name)


def _flagged(case: ExaminationInput, name: str) -> bool:
    """Whether an interface says that it can do multicast (IFF_MULTICAST of netdevice(7))."""
    flags = case.text(f"sys/class/net/{name}/flags")
    return flags is None or bool(int(flags, 16) & 0x1000)


def _judge(name: str, result: Probe, *, flagged: bool) -> Finding:
    about = f"multicast DNS on {name}"
    unheard = "Servers are not found, and Home Assistant does not find this satellite."
    if "not permitted" in result.problem or not (result.problem or result.returned):
        return broken(
            about,
            f"blocked: {result.problem or 'our own question does not come back'}",
            f"A firewall of this machine drops it. {unheard}",
            f"let UDP port 5353 in and out (ufw allow 5353/udp); or {WITHOUT}",
        )
    switch_on = f"ip link set {name} multicast on"
    if result.problem:
        return broken(
            about,
            f"not possible: {result.problem}",
            unheard,
            f"{switch_on}; ip route add 224.0.0.0/4 dev {name}; or {WITHOUT}",
        )
    if not flagged:
        means = "Other programs, Avahi among them, and some switches leave it out."
        return warning(about, "multicast is switched off for it", means, switch_on)
    others = ", ".join(sorted(result.answered)[:4])
    return ok(about, f"answered by {others}" if others else "gets through")
