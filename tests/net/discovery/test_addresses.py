"""The addresses that a machine announces."""

from __future__ import annotations

import asyncio

import ifaddr
import pytest

from satellite.net.discovery.addresses import announced_addresses
from satellite.net.discovery.advert import Advert, announce
from satellite.net.uri import Tcp
from tests.net.discovery.test_browser import LOOP, PATIENCE, unique
from tests.net.discovery.test_facts import asked

LOOPBACK = {"lo": ("127.0.0.1", "::1")}
CABLE = {"eth0": ("192.168.1.20", "2001:db8::20", "fe80::20")}
WIFI = {"wlan0": ("10.0.0.20",)}
BRIDGE = {"docker0": ("172.17.0.1",), "veth12": ("fe80::1",)}


@pytest.mark.parametrize(
    ("host", "interfaces", "announced"),
    [
        ("*", LOOPBACK | CABLE, {"192.168.1.20", "2001:db8::20"}),
        ("*", LOOPBACK | CABLE | WIFI, {"192.168.1.20", "2001:db8::20", "10.0.0.20"}),
        ("0.0.0.0", LOOPBACK | CABLE | BRIDGE, {"192.168.1.20"}),
        ("::", LOOPBACK | CABLE | BRIDGE, {"2001:db8::20"}),
        ("*", LOOPBACK | {"eth0": ("169.254.7.7",)}, {"169.254.7.7"}),
        ("*", LOOPBACK | BRIDGE, {"172.17.0.1", "fe80::1"}),
        ("*", LOOPBACK, {"127.0.0.1", "::1"}),
        ("192.168.1.20", LOOPBACK | CABLE | WIFI, {"192.168.1.20"}),
    ],
)
def test_every_reachable_address_is_announced(
    host: str,
    interfaces: dict[str, tuple[str, ...]],
    announced: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adapters = [
        ifaddr.Adapter(
            name, name, [ifaddr.IP((a, 0, 1) if ":" in a else a, 24, name) for a in addresses]
        )
        for name, addresses in interfaces.items()
    ]
    monkeypatch.setattr("ifaddr.get_adapters", lambda: adapters)
    found = announced_addresses(host)
    assert set(found) == announced
    assert len(found) == len(announced)


async def test_only_configured_addresses_are_announced() -> None:
    by_hand = ("192.0.2.7", "2001:db8::7")
    speech = Advert(role="tts", bound=Tcp("0.0.0.0", 10298), name=unique(), addresses=by_hand)
    names: asyncio.Future[tuple[str, ...]] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(announce([speech], interfaces=LOOP, on_announced=names.set_result))
    try:
        async with asyncio.timeout(PATIENCE):
            heard = await asked((await names)[0])
        assert set(heard.parsed_addresses()) == set(by_hand)
    finally:
        task.cancel()
        await asyncio.wait([task])
