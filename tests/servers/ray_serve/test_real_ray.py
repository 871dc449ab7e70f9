"""A real Ray: requests of two roles, a lost replica, an ended server, no place."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from importlib.util import find_spec
from pathlib import Path

import pytest

from satellite.errors import EngineDown, EngineFailed
from satellite.ports import EngineContext
from satellite.settings import ServerSettings
from satellite.values import SpeechRequest, TranscribeRequest
from servers.pools import make_pools
from servers.ray_serve.cluster import Cluster
from servers.ray_serve.options import RayOptions
from tests.support.peers import until
from tests.support.ray_engines import installed

pytestmark = [
    pytest.mark.skipif(
        find_spec("ray") is None, reason="needs Ray: pip install -e '.[ray]' (200 MB)"
    ),
    pytest.mark.filterwarnings("default"),  # Ray and what it imports warn of their own code
]


@pytest.fixture
def no_thread_left() -> None:
    """Allow Ray's thread for routers, which lasts as long as the process."""


async def sound() -> AsyncIterator[bytes]:
    for _ in range(5):
        yield bytes(3200)


async def test_requests_run_on_replicas_and_survive_a_lost_one(tmp_path: Path) -> None:
    times = tmp_path / "times"
    times.mkdir()
    with installed(tmp_path):
        pools = make_pools(ServerSettings(pool="ray?replicas=1&cpus=0.1"))
        asr = await pools.create("asr", "slow:0.05", EngineContext(satellite="test"))
        tts = await pools.create("tts", f"endless:{times}", EngineContext(satellite="test"))
        try:
            stops: list[int] = []
            before = signal.signal(signal.SIGTERM, lambda number, frame: stops.append(number))
            await asyncio.gather(asr.load(), tts.load())  # as a server loads its engines
            os.kill(os.getpid(), signal.SIGTERM)  # Ray's own handler would abort
            signal.signal(signal.SIGTERM, before)
            assert stops == [signal.SIGTERM]

            async def transcribe() -> str:
                async with aclosing(asr.transcribe(sound(), TranscribeRequest())) as results:
                    return "".join([transcript.text async for transcript in results])

            assert await transcribe() == "16000"
            pid, _ = await asr._deployed.handle.state.remote()  # noqa: SLF001
            asking = asyncio.create_task(transcribe())
            os.kill(pid, signal.SIGKILL)
            assert await asking == "16000"
            async with aclosing(tts.synthesize(SpeechRequest("x"))) as chunks:
                assert (await anext(chunks)).audio
                closed = time.time()
            await until(lambda: [file for file in times.iterdir() if file.read_text()])
            assert float(next(times.iterdir()).read_text().split()[1]) >= closed
            with pytest.raises(EngineFailed, match=r"^it was asked to fail$"):
                await anext(tts.synthesize(SpeechRequest("fail")))
            assert await asr._deployed.sounds.held.remote() == 0  # noqa: SLF001
        finally:
            await asr.close()
            await tts.close()
            await pools.close()


async def test_what_has_no_place_fails_in_time_and_holds_up_nothing_else(tmp_path: Path) -> None:
    times = tmp_path / "times"
    times.mkdir()
    context = EngineContext(satellite="test")
    with installed(tmp_path):
        cluster = Cluster(RayOptions(cpus=0.1), 1)

        def too_large(wait: float) -> Cluster:
            other = Cluster(RayOptions(cpus=1000, wait=wait), 1)
            other._sounds, other._deploying = cluster._sounds, cluster._deploying  # noqa: SLF001
            return other  # a process joins one cluster

        try:
            await cluster.join()
            waiting = asyncio.create_task(too_large(900).deploy("tts", f"endless:{times}", context))
            await asyncio.sleep(0)
            await cluster.remove(await cluster.deploy("asr", "slow:0", context))
            assert not waiting.done()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            with pytest.raises(EngineDown, match="needs 1000 CPUs, of which the cluster has"):
                await too_large(1).deploy("tts", f"endless:{times}", context)
        finally:
            await cluster.leave()
