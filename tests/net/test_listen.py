"""Admission: which peers are accepted, refused and dropped, and how each is reported."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from wyoming.event import Event

from satellite.errors import PeerClosed, WireError
from satellite.net.admission import MAX_SILENT
from satellite.net.listen import ListenLimits, listen_limits, listening
from satellite.net.pairing import Pairing
from satellite.net.remotes.dial import connect
from satellite.net.wire import Connection, Limits
from satellite.settings import LimitSettings, Settings
from tests.support.peers import until

ANY = "tcp://127.0.0.1:0"
IP = "127.0.0.1"
PATIENCE = 20.0
"""Seconds: on a busy machine milliseconds become seconds."""


@asynccontextmanager
async def echoing(limits: ListenLimits, refused: list[str]) -> AsyncGenerator[str, None]:
    """Run a service that echoes every event, after the seconds in its `work`."""

    async def serve(connection: Connection) -> None:
        try:
            while event := await connection.read():
                with connection.working():
                    await asyncio.sleep(event.data.get("work", 0))
                    await connection.write(event)
        except WireError:
            pass
        finally:
            await connection.close()

    async with listening(ANY, serve, name="echo", limits=limits, on_refusal=refused.append) as uri:
        yield uri


async def echoed(peer: Connection) -> bool:
    """Return whether a peer is answered."""
    try:
        await peer.write(Event("x"))
        async with asyncio.timeout(PATIENCE):
            event = await peer.read()
    except PeerClosed:
        return False
    return event is not None and event.type == "x"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


async def test_a_peer_not_allowed_is_refused_and_logged_once_with_the_setting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused: list[str] = []
    async with echoing(ListenLimits(allow=("192.0.2.0/24",)), refused) as uri:
        for _ in range(3):
            peer = await connect(uri, PATIENCE, pairing=Pairing())
            event = await peer.read()
            assert event is not None
            assert event.data["code"] == "not-allowed"
            assert await peer.read() is None
            await peer.close()
    assert refused == ["not-allowed"] * 3
    (line,) = warnings(caplog)
    assert "127.0.0.1" in line
    assert "--allow" in line


async def test_plain_connections_are_refused_where_pairing_is_required() -> None:
    refused: list[str] = []
    async with echoing(ListenLimits(paired_only=True), refused) as uri:
        peer = await connect(uri, PATIENCE, pairing=Pairing())
        event = await peer.read()
        assert event is not None
        assert (event.type, event.data["code"]) == ("error", "not-paired")
        assert "127.0.0.1 connects without TLS" in event.data["text"]
        assert "satellite pair" in event.data["text"]
        await peer.close()
    assert refused == ["not-paired"]


async def test_connections_of_one_address_are_limited() -> None:
    async with echoing(ListenLimits(connections=8, per_address=2), []) as uri:
        peers = [await connect(uri, PATIENCE, pairing=Pairing()) for _ in range(2)]
        assert [await echoed(peer) for peer in peers] == [True, True]
        third = await connect(uri, PATIENCE, pairing=Pairing())
        event = await third.read()
        assert event is not None
        assert "already connected from 127.0.0.1" in event.data["text"]
        for peer in (*peers, third):
            await peer.close()


async def test_silent_peers_are_dropped_for_active_ones(caplog: pytest.LogCaptureFixture) -> None:
    async with echoing(ListenLimits(connections=4), []) as uri:
        active = await connect(uri, PATIENCE, pairing=Pairing())
        assert await echoed(active)
        silent = [await asyncio.open_connection(*_address(uri)) for _ in range(MAX_SILENT + 5)]
        for _ in range(3):
            peer = await connect(uri, PATIENCE, pairing=Pairing())
            assert await echoed(peer)
            await peer.close()
            await asyncio.sleep(0)
        assert await echoed(active), "an active peer is not dropped"
        await active.close()
        for _, writer in silent:
            writer.transport.abort()
    assert "sent nothing while others wait" in "".join(warnings(caplog))


@pytest.mark.parametrize("sent", [b"", b'{"type', b"\x16\x03"])
async def test_a_peer_without_a_valid_event_is_dropped(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with echoing(ListenLimits(first=0.1), []) as uri:
        reader, writer = await asyncio.open_connection(*_address(uri))
        writer.write(sent)
        async with asyncio.timeout(2):
            with pytest.raises(ConnectionResetError):
                await _end(reader)
        writer.transport.abort()
    assert "limits.first" in "".join(warnings(caplog))


async def test_idle_peers_are_dropped_and_waiting_ones_are_not() -> None:
    async with echoing(ListenLimits(idle=0.2), []) as uri:
        idle, busy = (
            await connect(uri, PATIENCE, pairing=Pairing()),
            await connect(uri, PATIENCE, pairing=Pairing()),
        )
        assert await echoed(idle)
        await busy.write(Event("x", {"work": 0.6}))
        began = asyncio.get_running_loop().time()
        with pytest.raises(PeerClosed):
            await _all(idle)
        assert asyncio.get_running_loop().time() - began < 0.5
        event = await busy.read()
        assert event is not None
        await idle.close()
        await busy.close()


async def test_pings_keep_a_connection_open() -> None:
    """As of Home Assistant, which pings every two seconds against a limit of fifteen minutes."""
    async with echoing(ListenLimits(idle=1.0, first=1.0), []) as uri:
        peer = await connect(uri, PATIENCE, pairing=Pairing())
        for _ in range(15):
            assert await echoed(peer)
            await asyncio.sleep(0.1)
        await peer.close()


async def test_the_total_time_of_a_connection_can_be_limited() -> None:
    async with echoing(ListenLimits(total=0.2), []) as uri:
        peer = await connect(uri, PATIENCE, pairing=Pairing())
        assert await echoed(peer)
        with pytest.raises(PeerClosed):
            await _all(peer)
        await peer.close()


async def test_a_flooding_peer_is_slowed_down_and_others_are_answered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    limits = ListenLimits(wire=Limits(events=100), first=0.4)
    async with echoing(limits, []) as uri:
        reader, writer = await asyncio.open_connection(*_address(uri))
        writer.write(b'{"type": "x"}\n' * 5000)
        other = await connect(uri, PATIENCE, pairing=Pairing())
        began = asyncio.get_running_loop().time()
        assert await echoed(other)
        assert asyncio.get_running_loop().time() - began < 0.5
        await until(lambda: "exceeds 100 events a second" in "".join(warnings(caplog)))
        took = asyncio.get_running_loop().time() - began
        got = (await reader.read(1 << 20)).count(b'"x"')
        assert 150 < got < 200 + 100 * took + 50
        writer.transport.abort()
        await other.close()


def test_the_limits_come_from_the_settings() -> None:
    settings = LimitSettings(data=2048, idle=5.0, per_address=3, held=9_000_000, depth=9)
    limits = listen_limits(
        Settings(limits=settings, allow=("any",)), connections=7, paired_only=True
    )
    assert (limits.wire.data, limits.wire.depth, limits.idle) == (2048, 9, 5.0)
    assert (limits.per_address, limits.memory, limits.connections) == (3, 9_000_000, 7)
    assert limits.allow == ("any",)
    assert limits.paired_only


async def _all(peer: Connection) -> None:
    """Read to the end, which is an error: the other side does not wait for its data to be read."""
    while await peer.read() is not None:
        pass
    raise PeerClosed("a clean end, which a dropped peer may see as well")


async def _end(reader: asyncio.StreamReader) -> None:
    if not await reader.read():
        raise ConnectionResetError


def _address(uri: str) -> tuple[str, int]:
    return IP, int(uri.rpartition(":")[2])
