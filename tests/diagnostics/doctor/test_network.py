"""Networks with and without multicast DNS, in network namespaces."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from satellite.diagnostics.doctor import multicast_check
from tests.support.debian import need
from tests.support.netns import Namespace, namespace, namespaces

__all__ = ["namespace", "namespaces"]

RESPONDER = """
import asyncio
from satellite.net.discovery.advert import Advert, announce
from satellite.net.uri import Tcp
async def main():
    show = lambda names: print("announced", flush=True)
    await announce([Advert(role="tts", bound=Tcp("0.0.0.0", 10200))], on_announced=show)
asyncio.run(main())
"""


def doctor(machine: Namespace, *arguments: str) -> list[dict[str, Any]]:
    """Run `satellite doctor` on a machine and return its findings."""
    command = [*machine.prefix, sys.executable, "-m", "satellite", "doctor", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert done.returncode == any(finding["state"] == "broken" for finding in found)
    return found


def shell(machine: Namespace, command: str) -> None:
    subprocess.run([*machine.prefix, "sh", "-c", command], check=True, timeout=10)


@contextmanager
def responding(machine: Namespace) -> Iterator[None]:
    """Run a program on a machine that answers by multicast DNS."""
    process = subprocess.Popen(
        [*machine.prefix, sys.executable, "-c", RESPONDER], stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "announced\n"
            yield
        finally:
            process.terminate()


def about(found: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(finding for finding in found if finding["about"].startswith(name))


def test_machines_that_answer_are_listed(namespaces: tuple[Namespace, ...]) -> None:
    here, there = namespaces
    with responding(there):
        found = doctor(here, "network")
    assert about(found, "addresses")["found"].startswith(f"{here.address} (eth0)")
    multicast_dns = about(found, "multicast DNS on eth0")
    assert (multicast_dns["state"], multicast_dns["found"]) == (
        "ok",
        f"answered by {there.address}",
    )


def test_blocked_incoming_multicast_dns_is_reported(namespace: Namespace) -> None:
    need("nft", "nftables")
    shell(namespace, "nft add table inet f")
    shell(namespace, "nft 'add chain inet f in { type filter hook input priority 0; }'")
    shell(namespace, "nft add rule inet f in udp dport 5353 drop")
    blocked = about(doctor(namespace, "network"), "multicast DNS on eth0")
    assert (blocked["state"], blocked["found"][:7]) == ("broken", "blocked")
    assert "ufw allow 5353/udp" in blocked["remedy"]


def test_blocked_outgoing_multicast_dns_is_reported(namespace: Namespace) -> None:
    need("nft", "nftables")
    shell(namespace, "nft add table inet f")
    shell(namespace, "nft 'add chain inet f out { type filter hook output priority 0; }'")
    shell(namespace, "nft add rule inet f out udp dport 5353 drop")
    blocked = about(doctor(namespace, "network"), "multicast DNS on eth0")
    assert (blocked["state"], blocked["found"][:7]) == ("broken", "blocked")
    assert "firewall" in blocked["means"]


def test_an_interface_without_multicast_is_reported(namespace: Namespace) -> None:
    shell(namespace, "ip link set eth0 multicast off")
    problem = about(doctor(namespace, "network"), "multicast DNS on eth0")
    assert problem["state"] == "warning"
    assert problem["remedy"] == "ip link set eth0 multicast on"


def test_an_interface_that_is_down_is_reported(namespace: Namespace) -> None:
    shell(namespace, "ip link set eth0 down")
    problem = about(doctor(namespace, "network"), "multicast DNS on eth0")
    assert (problem["state"], problem["found"]) == (
        "broken",
        "not possible: Network is unreachable",
    )


def test_without_answers_client_isolation_is_mentioned(namespace: Namespace) -> None:
    found = doctor(namespace, "network")
    assert about(found, "multicast DNS on eth0")["state"] == "ok"
    assert "client isolation" in found[-1]["remedy"]


def test_a_machine_without_a_network_is_reported(namespace: Namespace) -> None:
    shell(namespace, "ip link set eth0 down && ip addr flush dev eth0")
    found = doctor(namespace, "network")
    assert (found[0]["state"], found[0]["found"]) == ("broken", "this machine has no network")


def test_an_unknown_address_cannot_be_used() -> None:
    result = multicast_check.query("192.0.2.1", 0.1)
    assert result.problem
    assert not result.returned
