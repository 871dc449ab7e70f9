"""Hostile and broken clients: they cost little and leave nothing behind."""

from __future__ import annotations

import asyncio
import os

import psutil
from wyoming.event import Event

from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import describe
from satellite.net.remotes.dial import connect
from satellite.net.wire import Limits, encode
from servers.serve import ServeLimits, serving
from tests.servers.serve.golden import chunk
from tests.support.engines import ScriptedAsr, ScriptedTts
from tests.support.peers import client, until

ANY = "tcp://127.0.0.1:0"
MEGABYTE = 1 << 20


async def test_connections_leave_no_descriptor_behind() -> None:
    async with serving("tts", ScriptedTts(), ANY) as uri:
        await describe(uri, pairing=Pairing())
        before = len(os.listdir("/proc/self/fd"))
        for number in range(100):
            connection = await connect(uri, 1, pairing=Pairing())
            if number % 2:
                await connection.write(Event("synthesize", {"text": "one two three"}))
            connection.abort()
        await until(lambda: len(os.listdir("/proc/self/fd")) <= before)


async def test_frames_that_claim_a_gigabyte_take_no_memory() -> None:
    frame = b'{"type": "audio-chunk", "payload_length": 1073741824}\n' + bytes(65536)
    async with serving("asr", ScriptedAsr(), ANY) as uri:
        await describe(uri, pairing=Pairing())
        before = psutil.Process().memory_info().rss
        for _ in range(50):
            _, writer = await asyncio.open_connection(*address(uri))
            writer.write(frame)
            await asyncio.sleep(0)
            writer.transport.abort()
        await describe(uri, pairing=Pairing())
        assert psutil.Process().memory_info().rss - before < 16 * MEGABYTE


async def test_audio_sent_faster_than_the_engine_works_is_slowed_down() -> None:
    """The engine hears nothing yet: what the client may send ahead is bounded."""
    gate = asyncio.Event()
    engine = ScriptedAsr(["x"], gate=gate)
    engine.early = True  # it does not even begin to listen
    limits = ServeLimits(wire=Limits(write=5.0))
    async with serving("asr", engine, ANY, limits=limits) as uri:
        _, writer = await asyncio.open_connection(*address(uri))
        writer.write(encode(Event("transcribe")))
        frame, sent = encode(chunk(bytes(MEGABYTE))), 0
        try:
            async with asyncio.timeout(0.5):
                while sent < 200:
                    writer.write(frame)
                    await writer.drain()
                    sent += 1
        except TimeoutError:
            pass
        assert 0 < sent < 40, "the socket's buffers, one frame and two megabytes"
        assert (await describe(uri, pairing=Pairing())).type == "info", (
            "others are served meanwhile"
        )
        writer.transport.abort()
    assert engine.running == 0


async def test_a_client_that_never_reads_is_dropped() -> None:
    limits = ServeLimits(connections=1, wire=Limits(write=0.1))
    engine = ScriptedTts(seconds_per_word=5.0)
    async with serving("tts", engine, ANY, limits=limits) as uri:
        _, writer = await asyncio.open_connection(*address(uri), limit=1)
        writer.write(encode(Event("synthesize", {"text": "word " * 200})))
        await until(lambda: engine.stopped)
        writer.transport.abort()
        await asyncio.sleep(0.02)
        async with client(uri) as peer:  # there is room again
            await peer.send(Event("describe"))
            await peer.until("info")


def address(uri: str) -> tuple[str, int]:
    host, _, port = uri.removeprefix("tcp://").rpartition(":")
    return host, int(port)
