"""Ports that a firewall keeps shut: real nftables in a namespace, and the listings of others."""

from __future__ import annotations

import pytest

from satellite.diagnostics.doctor import firewall
from satellite.diagnostics.doctor.firewall import Gate, iptables_chain, judge, nft_chains
from tests.diagnostics.doctor.test_network import doctor, shell
from tests.support.debian import need
from tests.support.netns import Namespace, namespace

__all__ = ["namespace"]

GATE = Gate("tcp", 10700, "the satellite")


def test_ports_kept_shut_by_nftables_are_named_with_what_opens_them(namespace: Namespace) -> None:
    need("nft", "nftables")
    shell(namespace, "nft add table inet f")
    chain = "{ type filter hook input priority 0; policy drop; }"
    shell(namespace, f"nft 'add chain inet f in {chain}'")
    shell(namespace, "nft add rule inet f in ct state established accept")
    shell(namespace, "nft 'add rule inet f in tcp dport { 22, 10200-10400 } accept'")
    shut = [f for f in doctor(namespace, "firewall") if f["state"] == "warning"]
    assert [f["found"].partition(" (")[0] for f in shut] == [
        "nftables keeps tcp port 10700 shut",
        "nftables keeps tcp port 10600 shut",
        "nftables keeps udp port 5353 shut",
    ]
    for finding in shut:
        shell(namespace, finding["remedy"].removeprefix("sudo "))
    assert [f["state"] for f in doctor(namespace, "firewall")] == ["ok"]


def test_a_firewall_that_is_open_is_well(namespace: Namespace) -> None:
    need("nft", "nftables")
    assert [f["state"] for f in doctor(namespace, "firewall")] == ["ok"]


@pytest.mark.parametrize(
    ("rules", "closed"),
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
    ],
)
def test_the_rules_of_iptables(rules: str, closed: bool) -> None:
    assert iptables_chain(rules).closed(GATE) is closed


def test_what_is_no_ruleset_has_no_chains() -> None:
    assert nft_chains("") == []
    assert nft_chains("{}") == []


UFW = """Status: active

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW       Anywhere
10200:10700/tcp            ALLOW       192.168.0.0/16
"""


@pytest.mark.parametrize(
    ("gate", "shut"),
    [(GATE, False), (Gate("tcp", 10800, "x"), True), (Gate("udp", 5353, "mDNS"), False)],
)
def test_the_status_of_ufw(gate: Gate, shut: bool) -> None:
    assert firewall.in_ufw(UFW, gate) is not shut


def test_what_is_shut_comes_with_the_command_that_opens_it() -> None:
    (finding,) = judge("ufw", [GATE], [GATE], "ufw allow {port}/{protocol}")
    assert finding.remedy == "sudo ufw allow 10700/tcp"
