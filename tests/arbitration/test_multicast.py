"""Datagrams through real sockets, within this machine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from satellite.arbitration.multicast import Interface, MulticastNetwork, interfaces
from satellite.arbitration.peers import SocketAddress
from satellite.arbitration.protocol import LONGEST
from tests.support.ports import free_port

LOOP = Interface("127.0.0.1", 1, has_ipv6=False)
SOON = 5.0


class Peer:
    def __init__(self, port: int) -> None:
        self.received: list[tuple[bytes, SocketAddress]] = []
        self.network = MulticastNetwork(
            port, lambda datagram, address: self.received.append((datagram, address))
        )
        self.network.open()
        self.network.join([LOOP])

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON):
            while not condition():
                await asyncio.sleep(0.001)


async def test_every_satellite_of_a_machine_receives_a_multicast_and_can_answer_it() -> None:
    port = free_port(socket.SOCK_DGRAM)
    peers = [Peer(port) for _ in range(3)]
    try:
        peers[0].network.send_to_group(b"anyone?")
        for peer in peers:  # the sender receives it as well
            await peer.until(lambda peer=peer: bool(peer.received))  # type: ignore[misc]
        peers[1].network.send(b"here", peers[1].received[0][1])
        await peers[0].until(lambda: len(peers[0].received) > 1)
        assert peers[0].received[1][0] == b"here"
        assert [len(peer.received) for peer in peers] == [2, 1, 1]
    finally:
        for peer in peers:
            peer.network.close()
            peer.network.close()


async def test_a_long_datagram_is_truncated_over_the_limit() -> None:
    port = free_port(socket.SOCK_DGRAM)
    peer = Peer(port)
    try:
        peer.network.send_to_group(bytes(2000))
        await peer.until(lambda: bool(peer.received))
        assert len(peer.received[0][0]) == LONGEST + 1
    finally:
        peer.network.close()


async def test_a_port_taken_by_another_program_is_reported() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as other:
        other.bind(("::", 0))  # both families
        network = MulticastNetwork(other.getsockname()[1], lambda datagram, address: None)
        with pytest.raises(OSError, match="in use"):
            network.open()
        network.close()


async def test_failures_to_send_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    network = MulticastNetwork(free_port(socket.SOCK_DGRAM), lambda datagram, address: None)
    network.open()
    try:
        for _ in range(3):
            network.send(b"x" * 100_000, ("127.0.0.1", 9))
        assert len(caplog.records) == 1
    finally:
        network.close()


def test_the_networks_of_this_machine_are_found() -> None:
    found = interfaces()
    assert found
    assert all(address or has_six for address, _, has_six in found)
