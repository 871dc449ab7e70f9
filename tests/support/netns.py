"""Simulated machines: network namespaces joined by a switch, including multicast.

    from tests.support.netns import Namespace, namespaces  # the fixture: two of them

    def test(namespaces: tuple[Namespace, Namespace]) -> None:
        subprocess.run([*namespaces[0].prefix, "ping", "-c1", namespaces[1].address])

Needs root and the program `ip`; otherwise skips the test. Leaves this machine's own network alone
and removes everything afterwards.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from shlex import quote

import msgspec
import pytest

from tests.support.debian import need

_NUMBERS = count()


class Namespace(msgspec.Struct, frozen=True):
    """A machine of its own with respect to the network."""

    name: str
    address: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """The prefix of a command that runs on the machine."""
        return ("ip", "netns", "exec", self.name)


@pytest.fixture
def namespaces() -> Iterator[tuple[Namespace, ...]]:
    """Two machines on one network."""
    with network(2) as machines:
        yield machines


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    """A machine alone on its network."""
    with network(1) as (machine,):
        yield machine


@contextmanager
def network(machines: int) -> Iterator[tuple[Namespace, ...]]:
    """Create machines on one network for the block; skip the test if that is impossible."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    need("ip", "iproute2")
    made = f"satellite-{os.getpid()}-{next(_NUMBERS)}"
    with ExitStack() as stack:
        switch = f"{made}-switch"
        stack.enter_context(_namespace(switch))
        _run("link add bridge type bridge mcast_snooping 0", switch)
        _run("link set bridge up", switch)
        yield tuple(
            _machine(stack, f"{made}-{number}", f"10.77.0.{number}", switch)
            for number in range(1, machines + 1)
        )


def _machine(stack: ExitStack, name: str, address: str, switch: str) -> Namespace:
    stack.enter_context(_namespace(name))
    port = f"port{address.rpartition('.')[2]}"
    _run(f"link add eth0 type veth peer name {port} netns {switch}", name)
    _run(f"link set {port} master bridge up", switch)
    _run(f"addr add {address}/24 dev eth0", name)
    _run("link set eth0 up", name)
    _run("link set lo up", name)
    return Namespace(name, address)


@contextmanager
def _namespace(name: str) -> Iterator[None]:
    try:
        _run(f"netns add {name}")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"network namespaces cannot be made here: {error.stderr.strip()}")
    try:
        # skip IPv6 duplicate address detection, so that IPv6 works at once
        command = "for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 > $f; done"
        subprocess.run(["ip", "netns", "exec", name, "sh", "-c", command], check=False)
        yield
    finally:
        _run(f"netns delete {name}")


def _run(command: str, namespace: str = "") -> None:
    where = f"-n {quote(namespace)} " if namespace else ""
    subprocess.run(
        ["ip", *f"{where}{command}".split()], check=True, capture_output=True, text=True, timeout=10
    )
