"""A server that is asked to stop finishes the requests under way and refuses others."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from contextlib import aclosing
from pathlib import Path

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error

from satellite.engines.failover import failover
from satellite.errors import EngineBusy, EngineError, EngineFailed
from satellite.net.discovery.browser import Discovery
from satellite.net.discovery.preferences import Preferences
from satellite.net.pairing import Pairing
from satellite.values import SpeechRequest
from servers.draining import DrainablePool, drain
from servers.pool import LocalPool
from servers.serve import serving
from tests.cli.program import environment
from tests.support.engines import ScriptedTts
from tests.support.ports import free_ports
from tests.support.speech import RATE
from tests.support.speech import speak as voice


async def test_requests_under_way_end_and_others_are_refused() -> None:
    gate = asyncio.Event()
    pool = DrainablePool(LocalPool(ScriptedTts(gate=gate), 1, 4))

    async def speak() -> int:
        async with aclosing(pool.submit("synthesize", SpeechRequest("one two"))) as parts:
            return sum([1 async for _ in parts])

    under_way = [asyncio.create_task(speak()) for _ in range(2)]  # one waits for the other
    await asyncio.sleep(0.05)
    draining = asyncio.create_task(drain([pool], 5.0))
    await asyncio.sleep(0.05)
    with pytest.raises(EngineBusy, match="is stopping"):
        await speak()
    assert not draining.done()
    gate.set()
    await draining
    assert all([await task for task in under_way])
    assert pool.under_way == 0


async def test_what_hangs_is_left_behind_in_time() -> None:
    pool = DrainablePool(LocalPool(ScriptedTts(hang=True), 1, 4))

    async def speak() -> None:
        async with aclosing(pool.submit("synthesize", SpeechRequest("one two"))) as parts:
            async for _ in parts:
                pass

    task = asyncio.create_task(speak())
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await drain([pool], 0.3)
    assert 0.2 < time.monotonic() - began < 3.0
    task.cancel()
    await asyncio.wait([task])


async def test_an_idle_server_does_not_wait() -> None:
    async with asyncio.timeout(0.2):
        await drain([DrainablePool(LocalPool(ScriptedTts(), 1, 4))], 5.0)


class _SlowTts(ScriptedTts):
    """Works on each request for a while."""

    async def _begin(self) -> None:
        await asyncio.sleep(0.1)


async def test_twenty_satellites_lose_no_turn() -> None:
    failed: list[Exception] = []
    spoken = 0

    async def satellite(discovery: Discovery) -> None:
        """Have six texts spoken; the built-in engine is one that fails."""
        nonlocal spoken
        built_in = ScriptedTts(error=EngineFailed("no server spoke"))
        engine = failover("tts", built_in, discovery, deadline=30.0)  # no time may decide
        for _ in range(6):
            try:
                async with aclosing(engine.synthesize(SpeechRequest("one two"))) as parts:
                    chunks = [part async for part in parts]
            except EngineError as error:
                failed.append(error)
            else:
                spoken += bool(chunks)

    engines = [_SlowTts() for _ in range(2)]
    pools = [DrainablePool(LocalPool(engine, 4, 32)) for engine in engines]
    async with (
        serving("tts", engines[0], "tcp://127.0.0.1:0", pool=pools[0]) as first,
        serving("tts", engines[1], "tcp://127.0.0.1:0", pool=pools[1]) as second,
    ):
        pinned = Preferences(pin=(first, second))
        discovery = Discovery(pairing=Pairing(), announced=False, preferences=pinned)
        looking = asyncio.create_task(discovery.run())
        try:
            async with asyncio.timeout(20):
                while len(discovery.servers("tts")) < 2:
                    await asyncio.sleep(0.02)
            async with asyncio.TaskGroup() as tasks:
                for _ in range(20):
                    tasks.create_task(satellite(discovery))
                while len(engines[0].requests) < 30:
                    await asyncio.sleep(0.01)
                assert pools[0].under_way > 4, "some are worked on, and some wait"
                await drain([pools[0]], 30.0)
                last = len(engines[0].requests)
        finally:
            looking.cancel()
            await asyncio.wait([looking])
    assert failed == []
    assert spoken == 20 * 6
    assert pools[0].under_way == 0
    assert len(engines[0].requests) == last, "a server that has stopped gets no further request"
    assert last < 20 * 6, "it refused some"
    assert len(engines[1].requests) >= 20 * 6 - last


async def test_an_utterance_is_finished_after_the_signal(tmp_path: Path) -> None:
    port, tls, http, https = free_ports(4)
    command = [sys.executable, "-m", "satellite", "--server", "asr", "--asr", "pocketsphinx"]
    command += ["--host", "127.0.0.1", "--asr-port", str(port), "--tls-port", str(tls)]
    command += ["--no-zeroconf", "--set", "server.drain=20"]
    command += ["--set", f"server.http_port={http}", "--set", f"server.https_port={https}"]
    variables = environment(HOME=str(tmp_path))
    process = await asyncio.create_subprocess_exec(*command, env=variables, cwd=tmp_path)
    first, second = clients = [AsyncTcpClient("127.0.0.1", port) for _ in range(2)]
    try:
        async with asyncio.timeout(60):
            while not await _connected(first):
                await asyncio.sleep(0.2)
            await second.connect()
            pcm = voice("what time is it")
            half = len(pcm) // 4 * 2
            await first.write_event(Transcribe(language="en").event())
            await first.write_event(AudioStart(RATE, 2, 1).event())
            await first.write_event(AudioChunk(RATE, 2, 1, pcm[:half]).event())
            await asyncio.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.5)
            await second.write_event(Transcribe(language="en").event())
            await second.write_event(AudioStart(RATE, 2, 1).event())
            await second.write_event(AudioStop().event())
            refused = await second.read_event()
            assert refused is not None
            assert Error.from_event(refused).code == EngineBusy.code
            await first.write_event(AudioChunk(RATE, 2, 1, pcm[half:]).event())
            await first.write_event(AudioStop().event())
            while (event := await first.read_event()) is not None:
                if Transcript.is_type(event.type):
                    break
            assert event is not None
            assert "time" in Transcript.from_event(event).text
            assert await process.wait() == 0
    finally:
        for client in clients:
            await client.disconnect()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _connected(client: AsyncTcpClient) -> bool:
    try:
        await client.connect()
    except OSError:
        return False
    return True
