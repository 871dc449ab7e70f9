"""Ports blocked by a firewall: real nftables in a namespace, and listings of iptables and ufw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest

from satellite.diagnostics.doctor import firewall as module
from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.firewall import (
    Gate,
    blocks,
    judge,
    nft_input_chains,
    ufw_allows,
)
from satellite.homeassistant.esphome import messages
from satellite.lib.daemon_thread import Answer
from satellite.settings import HomeAssistantSettings, Settings
from tests.diagnostics.doctor.test_network import doctor, shell
from tests.support.debian import need
from tests.support.http_door import open_door
from tests.support.netns import Namespace, namespace

__all__ = ["namespace"]

GATE = Gate("tcp", 10700, "the satellite")


def test_ports_blocked_by_nftables_are_reported_and_opened_by_the_remedy(
    namespace: Namespace,
) -> None:
    need("nft", "nftables")
    shell(namespace, "nft add table inet f")
    chain = "{ type filter hook input priority 0; policy drop; }"
    shell(namespace, f"nft 'add chain inet f in {chain}'")
    shell(namespace, "nft add rule inet f in ct state established accept")
    shell(namespace, "nft 'add rule inet f in tcp dport { 22, 10200-10400 } accept'")
    blocked = [f for f in doctor(namespace, "firewall") if f["state"] == "warning"]
    assert [f["found"].partition(" (")[0] for f in blocked] == [
        "nftables blocks tcp port 10700",
        "nftables blocks tcp port 10600",
        "nftables blocks udp port 5353",
    ]
    for finding in blocked:
        shell(namespace, finding["remedy"].removeprefix("sudo "))
    assert [f["state"] for f in doctor(namespace, "firewall")] == ["ok"]


async def test_the_port_of_browsers_is_judged_while_it_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def listed(argv: Sequence[str], **more: bool) -> Answer | None:
        return Answer(0, "-P INPUT DROP\n", "") if argv[0] == "iptables" else None

    async def blocked(settings: Settings) -> str:
        found = [finding.found async for finding in module.firewall(Context(settings=settings))]
        return "\n".join(found)

    monkeypatch.setattr(module, "program", listed)
    async with open_door(tmp_path) as door:
        assert f"port {door.port} " not in await blocked(door.settings)
        await door.shows_code()
        text = await blocked(door.settings)
        assert f"iptables blocks tcp port {door.port} (browsers that use the satellite)" in text


async def test_the_port_of_esphome_is_judged_where_home_assistant_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def listed(argv: Sequence[str], **more: bool) -> Answer | None:
        return Answer(0, "-P INPUT DROP\n", "") if argv[0] == "iptables" else None

    async def blocked(protocol: Literal["esphome", "wyoming"]) -> bool:
        settings = Settings(homeassistant=HomeAssistantSettings(protocol=protocol))
        found = [finding.found async for finding in module.firewall(Context(settings=settings))]
        return any("tcp port 6053 " in text for text in found)

    monkeypatch.setattr(module, "program", listed)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(messages, "installed", lambda: True)
    assert await blocked("esphome")
    assert not await blocked("wyoming")


def test_an_open_firewall_is_ok(namespace: Namespace) -> None:
    need("nft", "nftables")
    assert [f["state"] for f in doctor(namespace, "firewall")] == ["ok"]


@pytest.mark.parametrize(
    ("rules", "blocked"),
    [
        ("-P INPUT ACCEPT", False),
        ("-P INPUT DROP", True),
        ("-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 10700 -j ACCEPT", False),
        ("-P INPUT DROP\n-A INPUT -p udp -m udp --dport 10700 -j ACCEPT", True),
        ("-P INPUT DROP\n-A INPUT -p tcp -m multiport --dports 22,10000:11000 -j ACCEPT", False),
        ("-P INPUT DROP\n-A INPUT -i lo -j ACCEPT", True),
        ("-P INPUT DROP\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT", True),
        ("-P INPUT ACCEPT\n-A INPUT -p tcp -m tcp --dport 10700 -j REJECT", True),
        ("-P INPUT ACCEPT\n-A INPUT -j REJECT --reject-with icmp-host-prohibited", True),
        ("-P INPUT DROP\n-A INPUT -j ACCEPT", False),
        ("-P INPUT ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j DROP", False),
        ("-P INPUT DROP\n-A INPUT -p tcp --dport 10700 -j DROP\n-A INPUT -j ACCEPT", True),
    ],
)
def test_the_rules_of_iptables(rules: str, blocked: bool) -> None:
    assert blocks(rules, GATE) is blocked


NFT = """table inet filter {
\tset names { type inet_service; }
\tchain forward {
\t\ttype filter hook forward priority filter; policy drop;
\t}
\tchain input {
\t\ttype filter hook input priority filter; policy accept;
\t\tct state established,related accept
\t\tiifname "lo" accept
\t\tudp dport 10700 accept
\t\ttcp dport { 22, 10000-10600 } accept
\t\tRULE
\t}
}
"""


@pytest.mark.parametrize(
    ("rule", "blocked"),
    [
        ("tcp dport 10700 ct state new accept", False),
        ("counter packets 3 bytes 180 drop", True),
        ("reject with icmpx admin-prohibited", True),
        ("ip saddr 10.0.0.0/8 drop", False),
        ("tcp dport 23 drop", False),
        ("accept", False),
    ],
)
def test_the_rules_of_nftables(rule: str, blocked: bool) -> None:
    ((name, rules),) = nft_input_chains(NFT.replace("RULE", rule))
    assert name == "inet filter input"
    assert blocks(rules, GATE) is blocked


def test_an_empty_ruleset_has_no_chains() -> None:
    assert list(nft_input_chains("")) == []


UFW = """Status: active

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW       Anywhere
10200:10700/tcp            ALLOW       192.168.0.0/16
"""


@pytest.mark.parametrize(
    ("gate", "blocked"),
    [(GATE, False), (Gate("tcp", 10800, "x"), True), (Gate("udp", 5353, "mDNS"), False)],
)
def test_the_status_of_ufw(gate: Gate, blocked: bool) -> None:
    assert ufw_allows(UFW, gate) is not blocked


def test_a_blocked_port_has_the_command_that_opens_it() -> None:
    (finding,) = judge("ufw", [GATE], [GATE], "ufw allow {port}/{protocol}")
    assert finding.remedy == "sudo ufw allow 10700/tcp"
