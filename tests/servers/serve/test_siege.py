"""A server under siege by many at once: everybody else is answered within a second, and memory
stays where it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import psutil
import pytest
from wyoming.event import Event

from satellite.errors import EngineTimeout, PeerClosed, SatelliteError
from satellite.net.memory_budget import MemoryBudget
from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import describe
from satellite.net.remotes.dial import connect
from satellite.net.wire import Connection, Limits, encode
from servers.serve import ServeLimits, incoming_audio, serving
from servers.serve.incoming_audio import IncomingAudio
from servers.serve.input_buffer import InputBuffer
from tests.servers.serve.golden import chunk, lines, utterance
from tests.support.engines import ScriptedAsr
from tests.support.peers import client, until

ANY = "tcp://127.0.0.1:0"
MEGABYTE = 1 << 20
Attack = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def half_open(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Connects and says nothing."""


async def slowly(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says an event byte by byte."""
    for byte in b'{"type": "describe", "version": "1.10.2"}':
        writer.write(bytes([byte]))
        await asyncio.sleep(0.02)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Asks as often as it can, and reads nothing."""
    for _ in range(100):
        writer.write(b'{"type": "describe"}\n' * 500)
        await writer.drain()


async def huge(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Announces 160 MB and sends as much of it as is taken."""
    writer.write(b'{"type": "audio-chunk", "payload_length": 160000000}\n')
    for _ in range(160):
        writer.write(bytes(MEGABYTE))
        await writer.drain()


async def long(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends all but the end of the longest event that is allowed."""
    writer.write(b'{"type": "audio-chunk", "payload_length": 4194304}\n')
    writer.write(bytes(4 * MEGABYTE - 1))
    await writer.drain()
    await asyncio.sleep(1)


async def deep(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends data that is nothing but brackets."""
    body = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    writer.write(b'{"type": "x", "data_length": %d}\n' % len(body) + body)
    await writer.drain()


@asynccontextmanager
async def besieged(uri: str, attack: Attack, count: int) -> AsyncGenerator[None, None]:
    """So many attackers, each beginning again when it is thrown out, during this block."""
    place = ("127.0.0.1", int(uri.rpartition(":")[2]))

    async def one() -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection(*place, limit=1024)
            except OSError:
                continue
            try:
                await attack(reader, writer)
                await asyncio.sleep(0.5)
            except OSError:
                await asyncio.sleep(0.01)
            finally:
                writer.transport.abort()

    tasks = [asyncio.create_task(one()) for _ in range(count)]
    try:
        await asyncio.sleep(0.3)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@pytest.mark.parametrize(
    ("attack", "count"),
    [(half_open, 300), (slowly, 60), (flood, 12), (huge, 12), (long, 40), (deep, 12)],
)
async def test_describe_is_answered_within_a_second_and_memory_is_flat(
    attack: Attack, count: int
) -> None:
    """The attackers run in this process, too: their own buffers count as the server's do."""
    limits = ServeLimits(per_address=48, first=2.0, memory=24 * MEGABYTE, wire=Limits(data=262144))
    async with serving("asr", ScriptedAsr(["x"]), ANY, limits=limits) as uri:
        await describe(uri, pairing=Pairing())
        before = psutil.Process().memory_info().rss
        async with besieged(uri, attack, count):
            for _ in range(5):
                await _answered(uri)
                await asyncio.sleep(0.1)
            grown = psutil.Process().memory_info().rss - before
        async with client(uri) as peer:
            await peer.send(Event("transcribe"), *utterance())
            assert lines(await peer.until("transcript")) == ["transcript x"]
    assert grown < 160 * MEGABYTE


async def _answered(uri: str) -> None:
    """Ask what it is, as a client that comes again when it was turned away."""
    async with asyncio.timeout(1.0):
        while True:
            try:
                await describe(uri, pairing=Pairing())
                return
            except SatelliteError:
                await asyncio.sleep(0.02)


async def test_the_input_of_all_clients_together_is_limited() -> None:
    """Sixty-four that each send what one may would be a quarter of a gigabyte."""
    gate = asyncio.Event()
    engine = ScriptedAsr(["x"], gate=gate)
    engine.early = True
    limits = ServeLimits(memory=8 * MEGABYTE, workers=64)
    async with serving("asr", engine, ANY, limits=limits) as uri:
        peers = [await connect(uri, 1, pairing=Pairing()) for _ in range(8)]
        for number, peer in enumerate(peers):
            await peer.write(Event("transcribe"))
            await peer.write(chunk(bytes(1900 * 1024)))
            if number < 3:  # three quarters of the memory are for one address
                await peer.write(Event("ping"))
                assert (await peer.read() or Event("")).type == "pong"
        async with asyncio.timeout(5):
            for peer in peers[3:]:
                with pytest.raises(PeerClosed):
                    await _end(peer)
        gate.set()
        for peer in peers[:3]:
            await peer.write(Event("audio-stop"))
            assert (await peer.read() or Event("")).type == "transcript"
        for peer in peers:
            await peer.close()
        async with client(uri) as later:  # what was held is free again
            await later.send(Event("transcribe"), *utterance(chunk(bytes(MEGABYTE))))
            assert (await later.until("transcript"))[-1].type == "transcript"


async def _end(peer: Connection) -> None:
    """Read to the end, which is an error where the other side has left bytes unread."""
    while await peer.read() is not None:
        pass
    raise PeerClosed("a clean end")


async def test_buffered_input_is_counted_until_it_is_used_or_dropped() -> None:
    held = MemoryBudget(100)
    first, second, third = (InputBuffer[str](1000, held) for _ in range(3))
    await first.put("a", 60)
    await second.put("b", 40)
    with pytest.raises(SatelliteError, match=r"limits\.held"):
        await third.put("c", 1)
    assert await anext(first) == "a"
    await third.put("c", 60)
    assert held.used == 100
    waiting = asyncio.create_task(second.put("d", 1))  # its share is used up
    await asyncio.sleep(0.01)
    assert not waiting.done()
    assert await anext(second) == "b"
    await waiting
    for buffer in (second, third):
        buffer.discard()
    assert held.used == 0


async def test_a_stalled_utterance_is_abandoned_and_its_worker_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("servers.serve.asr.PATIENCE", 0.1)
    limits = ServeLimits(workers=1)
    async with (
        serving("asr", ScriptedAsr(["x"]), ANY, limits=limits) as uri,
        client(uri) as mute,
        client(uri) as other,
    ):
        await mute.send(Event("transcribe"), *utterance()[:2])
        await other.send(Event("transcribe"), *utterance())
        error = (await mute.until("error"))[-1]
        assert error.data["code"] == EngineTimeout.code
        assert lines(await other.until("transcript")) == ["transcript x"]


async def test_stalled_audio_raises() -> None:
    source = IncomingAudio(MemoryBudget(), None, 0.05)
    with pytest.raises(EngineTimeout, match=r"within 0\.05 s"):
        await anext(source.samples())
    assert incoming_audio.is_audio(chunk())


async def test_a_thousand_connections_leave_nothing_behind() -> None:
    async with serving("asr", ScriptedAsr(), ANY) as uri:
        place = ("127.0.0.1", int(uri.rpartition(":")[2]))
        await describe(uri, pairing=Pairing())
        before = psutil.Process().num_fds()
        for _ in range(20):
            streams = [await asyncio.open_connection(*place) for _ in range(50)]
            for _, writer in streams:
                writer.write(encode(Event("ping"))[:5])
                writer.transport.abort()
        await until(lambda: psutil.Process().num_fds() <= before)
        await describe(uri, pairing=Pairing())
