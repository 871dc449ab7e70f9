"""What peers make the satellite hold counts in one account, at every port, and is freed again."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession
from wyoming.event import Event

from satellite.errors import EngineBusy
from satellite.http.auth import Guard
from satellite.http.body import LARGEST
from satellite.http.connections import listening_socket
from satellite.http.server import api_server
from satellite.net.allowed import AllowedNetworks
from satellite.net.incoming_speech import IncomingSpeech
from satellite.net.memory_budget import MemoryBudget
from satellite.net.pairing import Pairing
from satellite.net.remotes.dial import connect
from satellite.values import AudioChunk, AudioFormat
from servers.serve import ServeLimits, serving
from tests.servers.serve.golden import chunk
from tests.support.engines import ScriptedAsr
from tests.support.peers import client
from tests.support.scripted_satellite import ScriptedSatellite

MEGABYTE = 1 << 20
AUDIO = {"rate": 48000, "width": 2, "channels": 2}
LOW = {**AUDIO, "context": {"satellite": {"priority": "low"}}}


async def test_announcements_of_strangers_share_half_of_the_account() -> None:
    budget = MemoryBudget(16 * MEGABYTE)
    async with ScriptedSatellite(memory=budget).open() as satellite:
        connections = [await connect(satellite.uri, 5.0, pairing=Pairing()) for _ in range(3)]
        refused = 0
        for connection in connections:
            for _ in range(4):
                await connection.write(Event("audio-start", LOW))
                for _ in range(4):
                    await connection.write(Event("audio-chunk", AUDIO, bytes(MEGABYTE)))
                await connection.write(Event("audio-stop"))
            await connection.write(Event("describe"))
            while (answer := await connection.read()) is not None and answer.type != "info":
                assert answer.data["code"] == "failed"
                refused += 1
        assert refused >= 9
        assert 0 < budget.used <= 9 * MEGABYTE
        for connection in connections:
            connection.abort()


async def test_an_announcement_that_is_cut_off_is_dropped_and_never_played() -> None:
    budget = MemoryBudget(16 * MEGABYTE)
    async with ScriptedSatellite(memory=budget).open() as satellite, asyncio.TaskGroup() as tasks:
        connection = await connect(satellite.uri, 5.0, pairing=Pairing())
        await connection.write(Event("audio-start", LOW))
        for _ in range(3):
            await connection.write(Event("audio-chunk", AUDIO, bytes(MEGABYTE)))
        await satellite.until(lambda: budget.used >= 3 * MEGABYTE)
        connection.abort()
        await satellite.until(lambda: budget.used == 0)
        running = tasks.create_task(satellite.speech.announcer.run())
        await asyncio.sleep(0.3)
        assert not satellite.speaker.heard
        running.cancel()


async def test_speech_that_ends_early_frees_what_is_left_and_what_still_comes() -> None:
    budget = MemoryBudget(MEGABYTE)
    speech = IncomingSpeech(budget)
    sound = AudioChunk(audio=bytes(100_000), format=AudioFormat(48000))
    for _ in range(5):
        speech.put(sound)
    chunks = speech.chunks(1.0)
    await anext(chunks)
    assert budget.used == 400_000
    await chunks.aclose()
    speech.put(sound)
    assert budget.used == 0


async def test_a_request_that_never_began_frees_its_sound() -> None:
    """Two requests at once, of which the client abandons both."""
    budget = MemoryBudget(16 * MEGABYTE)
    engine = ScriptedAsr(hang=True)
    async with serving(
        "asr", engine, "tcp://127.0.0.1:0", limits=ServeLimits(workers=1), memory=budget
    ) as uri:
        async with client(uri) as peer:
            for _ in range(3):
                await peer.send(Event("transcribe"), chunk(bytes(MEGABYTE)), Event("audio-stop"))
            await peer.send(Event("ping"))
            await peer.until("pong")
            assert budget.used >= 2 * MEGABYTE
        async with asyncio.timeout(5):
            while budget.used:
                await asyncio.sleep(0.01)


def test_an_address_has_a_share_and_no_more() -> None:
    budget = MemoryBudget(100)
    first, second = budget.of("10.0.0.1"), budget.of("10.0.0.2")
    first.add(75)
    with pytest.raises(EngineBusy, match=r"10\.0\.0\.1"):
        first.add(1)
    second.add(25)
    with pytest.raises(EngineBusy, match="all clients together"):
        second.add(1)
    first.remove(75)
    second.add(50)
    assert budget.used == 75


@asynccontextmanager
async def http_of(budget: MemoryBudget) -> AsyncGenerator[str, None]:
    """Serve the API of a satellite whose announcements all wait."""
    parts = ScriptedSatellite(memory=budget).parts
    listener = listening_socket("127.0.0.1", 0)
    guard, allowed = Guard(None), AllowedNetworks(("loopback",))
    async with api_server(listener, parts.controls, guard, allowed) as address:
        yield address


@pytest.mark.parametrize("size", [LARGEST + 1, 200 * MEGABYTE])
async def test_a_compressed_body_is_limited_while_it_is_decompressed(size: int) -> None:
    budget = MemoryBudget(64 * MEGABYTE)
    peak = 0
    bomb = gzip.compress(bytes(size))
    async with http_of(budget) as address, ClientSession() as session:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}

        async def post() -> int:
            async with session.post(f"{address}/api/announce", data=bomb, headers=headers) as got:
                return got.status

        tasks = [asyncio.create_task(post()) for _ in range(10)]
        while not all(task.done() for task in tasks):
            peak = max(peak, budget.used)
            await asyncio.sleep(0)
        statuses = [task.result() for task in tasks]
    assert set(statuses) <= {413, 503}
    assert 0 < peak <= budget.most
    assert budget.used == 0


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", gzip.compress(b'{"text": 5}', mtime=0), 400),
        ("gzip", b"not gzip at all", 400),
        ("br", b"x", 415),
    ],
)
async def test_a_compressed_body_is_read_or_refused(
    encoding: str, body: bytes, status: int
) -> None:
    async with http_of(MemoryBudget()) as address, ClientSession() as session:
        headers = {"Content-Encoding": encoding}
        async with session.post(f"{address}/api/announce", data=body, headers=headers) as got:
            assert got.status == status
