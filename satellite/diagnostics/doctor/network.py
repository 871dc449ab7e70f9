"""The network: addresses that other machines can reach, and multicast DNS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import partial

from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.multicast_check import MulticastResult, query
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.lib.finding import Finding, broken, note, ok, warning
from satellite.net.discovery.addresses import IpAddress, adapters, is_virtual

WITHOUT = "name servers by their addresses, as --asr tcp://HOST:10300, or use --no-zeroconf"
"""The way to do without multicast."""

_IFF_MULTICAST = 0x1000
"""Flag of an interface for multicast (netdevice(7))."""


async def addresses(context: Context) -> AsyncGenerator[Finding, None]:
    """Report whether other machines can reach this one at all."""
    known = await run_in_daemon_thread(lambda: list(adapters()))
    outside = [(name, address) for name, address in known if not address.is_loopback]
    real = [(name, address) for name, address in outside if not is_virtual(name)]
    routed = [(name, address) for name, address in real if not address.is_link_local]
    listing = ", ".join(f"{address} ({name})" for name, address in routed or real or outside)
    if not outside:
        yield broken(
            "addresses",
            "this machine has no network",
            "It cannot reach servers or Home Assistant; built-in engines work.",
            "connect it: nmcli device wifi connect NAME --ask, or plug in a cable",
        )
    elif not real:
        yield warning(
            "addresses",
            f"only those of container bridges: {listing}",
            "No other machine can reach this one.",
            "in a container use the network of the host (docker run --network host)",
        )
    elif not routed:
        yield warning(
            "addresses",
            f"only link-local ones: {listing}",
            "No router has assigned an address (DHCP).",
            "check that the router is on, and the cable or the Wi-Fi password",
        )
    else:
        yield ok("addresses", listing)


async def multicast_dns(context: Context) -> AsyncGenerator[Finding, None]:
    """Report whether a multicast question leaves each interface, and whether machines answer."""
    if not context.settings.zeroconf:
        means = "No server is found, and Home Assistant does not find this satellite."
        yield note("multicast DNS", "switched off (zeroconf = false)", means)
        return
    found = [
        item for item in await run_in_daemon_thread(lambda: list(adapters())) if _is_asked(*item)
    ]
    async with asyncio.TaskGroup() as tasks:
        queries = [
            tasks.create_task(run_in_daemon_thread(partial(query, str(address))))
            for _, address in found
        ]
    for (name, _), task in zip(found, queries, strict=True):
        yield _judge(name, task.result(), enabled=_is_enabled(context, name))
    if found and not any(task.result().answered for task in queries):
        yield note(
            "multicast DNS",
            "no other machine answered",
            "There may be none; or the access point separates its clients.",
            "in the router, switch off 'client isolation' and guest networks, and switch on "
            f"multicast (IGMP snooping); or {WITHOUT}",
        )


def _is_asked(name: str, address: IpAddress) -> bool:
    """Return whether an interface is of IPv4 and leads outside: Home Assistant looks there."""
    return address.version == 4 and not address.is_loopback and not is_virtual(name)


def _is_enabled(context: Context, name: str) -> bool:
    """Return whether multicast is switched on for an interface."""
    flags = context.text(f"sys/class/net/{name}/flags")
    return flags is None or bool(int(flags, 16) & _IFF_MULTICAST)


def _judge(name: str, result: MulticastResult, *, enabled: bool) -> Finding:
    about = f"multicast DNS on {name}"
    means = "Servers are not found, and Home Assistant does not find this satellite."
    if result.blocked:
        return broken(
            about,
            f"blocked: {result.problem or 'our own question does not come back'}",
            f"A firewall of this machine drops it. {means}",
            f"allow UDP port 5353 in and out (ufw allow 5353/udp); or {WITHOUT}",
        )
    switch_on = f"ip link set {name} multicast on"
    if result.problem:
        return broken(
            about,
            f"not possible: {result.problem}",
            means,
            f"{switch_on}; ip route add 224.0.0.0/4 dev {name}; or {WITHOUT}",
        )
    if not enabled:
        means = "Other programs, such as Avahi, and some switches leave this interface out."
        return warning(about, "multicast is switched off", means, switch_on)
    others = ", ".join(sorted(result.answered)[:4])
    return ok(about, f"answered by {others}" if others else "works")
