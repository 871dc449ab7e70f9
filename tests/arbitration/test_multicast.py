"""Datagrams through real sockets, on this machine alone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from satellite.arbitration.multicast import MulticastNetwork, interfaces
from satellite.arbitration.peers import Address
from satellite.arbitration.protocol import LONGEST

LOOP = ("127.0.0.1", 1, False)
SOON = 5.0


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("0.0.0.0", 0))
        return int(one.getsockname()[1])


class Peer:
    def __init__(self, port: int) -> None:
        self.heard: list[tuple[bytes, Address]] = []
        self.network = MulticastNetwork(
            port, lambda datagram, address: self.heard.append((datagram, address))
        )
        self.network.open()
        self.network.join([LOOP])

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON):
            while not true():
                await asyncio.sleep(0.001)


async def test_all_of_a_machine_hear_what_is_spread_and_answer_the_one_who_said_it() -> None:
    port = free_port()
    peers = [Peer(port) for _ in range(3)]
    try:
        peers[0].network.spread(b"who is there")
        for peer in peers:  # who says it hears it, too
            await peer.until(lambda peer=peer: bool(peer.heard))  # type: ignore[misc]
        peers[1].network.send(b"I am", peers[1].heard[0][1])
        await peers[0].until(lambda: len(peers[0].heard) > 1)
        assert peers[0].heard[1][0] == b"I am"
        assert [len(peer.heard) for peer in peers] == [2, 1, 1]
    finally:
        for peer in peers:
            peer.network.close()
            peer.network.close()


async def test_a_long_datagram_is_cut_where_it_is_too_long() -> None:
    port = free_port()
    peer = Peer(port)
    try:
        peer.network.spread(bytes(2000))
        await peer.until(lambda: bool(peer.heard))
        assert len(peer.heard[0][0]) == LONGEST + 1
    finally:
        peer.network.close()


async def test_a_port_that_another_program_keeps_for_itself_is_said() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as other:
        other.bind(("::", 0))  # both families
        network = MulticastNetwork(other.getsockname()[1], lambda datagram, address: None)
        with pytest.raises(OSError, match="in use"):
            network.open()
        network.close()


async def test_what_cannot_be_sent_is_left(caplog: pytest.LogCaptureFixture) -> None:
    network = MulticastNetwork(free_port(), lambda datagram, address: None)
    network.open()
    try:
        for _ in range(3):
            network.send(b"x" * 100_000, ("127.0.0.1", 9))
        assert len(caplog.records) == 1
    finally:
        network.close()


def test_this_machines_networks_are_found() -> None:
    found = interfaces()
    assert found
    assert all(address or has_six for address, _, has_six in found)
