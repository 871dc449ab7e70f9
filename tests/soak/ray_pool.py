"""The pool `ray` on a real Ray of this machine: `python -m tests.soak.ray_pool`.

Prints how much two replicas do of scripted requests for one's, what a killed replica costs, how
soon a request that is given up ends at its replica, what 500 of these leave behind, how soon a
second replica is added under load, and, where Whisper tiny.en is installed for tests, how long two
replicas and two workers of one process take for the same sentences. Exit code 1 if an aim is
missed, 3 without Ray. The argument `real` leaves out all but the last.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from satellite.engines import assembly
from satellite.ports import EngineContext
from satellite.settings import ModelSettings
from satellite.values import SpeechRequest, TranscribeRequest
from servers.pool import LocalPool
from servers.ray_serve.cluster import Cluster
from servers.ray_serve.engines import RayAsr, RayTts
from servers.ray_serve.options import RayOptions
from tests.support.ray_engines import installed
from tests.support.real_models import Unavailable, fetched
from tests.support.speech import speak

CLIENTS, WORKERS = 8, 2
SOUND = bytes(3200)
TIMES, SOON, SLOWER = 1.8, 0.3, 1.1
"""The aims: throughput of two replicas for one's, seconds until a request ends at its replica, and
time of two replicas for two local workers' (the noise between runs is a tenth)."""
SCALED = 30.0
"""Seconds for a second replica to be added."""


async def pieces(audio: bytes = 5 * SOUND) -> AsyncIterator[bytes]:
    for start in range(0, len(audio), len(SOUND)):
        yield audio[start : start + len(SOUND)]
        await asyncio.sleep(0)


async def transcribe(pool: LocalPool, audio: bytes = 5 * SOUND) -> str:
    request = TranscribeRequest(language="en")
    async with aclosing(pool.submit("transcribe", pieces(audio), request)) as results:
        return "".join([transcript.text async for transcript in results if transcript.final])


async def ask(
    pool: LocalPool,
    count: int,
    audio: bytes = 5 * SOUND,
    right: Callable[[str], bool] = lambda text: text == str(5 * len(SOUND)),
) -> float:
    """Send requests by the clients; return the seconds. Raises if one is not answered right."""
    left = iter(range(count))

    async def client() -> None:
        for _ in left:
            if not right(text := await transcribe(pool, audio)):
                raise AssertionError(f"answered {text!r}")

    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CLIENTS):
            tasks.create_task(client())
    return time.monotonic() - began


class Soak:
    """The measurements, on one cluster: a process joins no second one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cluster = Cluster(RayOptions(replicas=2, cpus=0.1), WORKERS)
        self.missed: list[str] = []

    def others(self, workers: int = WORKERS, **options: Any) -> Cluster:
        """Return the cluster with other options."""
        cluster = Cluster(RayOptions(cpus=0.1, **options), workers)
        cluster._sounds = self._cluster._sounds  # noqa: SLF001 - it is joined already
        return cluster

    async def run(self, only_real: bool) -> None:
        """Measure everything, or only the real engine."""
        try:
            if only_real:
                await self._cluster.join()
            else:
                await self.replicas()
                await self.given_up()
                await self.abandoned(500)
                await self.scaled()
            try:
                model = fetched("whisper-tiny.en")
            except Unavailable as error:
                print(f"not compared with local workers: {error}")
            else:
                await self.real(model)
        finally:
            await self._cluster.leave()

    def aim(self, reached: bool, text: str) -> None:
        """Print a result, and note it if it missed its aim."""
        print(text if reached else f"{text}  MISSED", flush=True)
        if not reached:
            self.missed.append(text)

    @asynccontextmanager
    async def deployed(
        self, cluster: Cluster, component: str, places: int, context: EngineContext | None = None
    ) -> AsyncGenerator[tuple[RayAsr, LocalPool], None]:
        """Yield an engine and its pool."""
        engine = RayAsr(component, context or EngineContext(satellite=f"of {places}"), cluster)
        await engine.load()
        try:
            yield engine, LocalPool(engine, places, 1000)
        finally:
            await engine.close()

    async def replicas(self) -> None:
        """Two replicas and one, and two of which one is killed in the middle of 50 requests."""
        import ray

        began = time.monotonic()
        async with self.deployed(self._cluster, "slow:0.2", 2 * WORKERS) as (engine, pool):
            await ask(pool, 2 * CLIENTS)
            print(f"two replicas are ready after {time.monotonic() - began:.1f} s")
            two = 80 / await ask(pool, 80)
            pid, _ = await _handle(engine).state.remote()
            async with asyncio.TaskGroup() as tasks:
                asking = tasks.create_task(ask(pool, 50))
                await asyncio.sleep(1.0)
                os.kill(pid, signal.SIGKILL)
            print(f"50 of 50 were answered in {asking.result():.1f} s, one replica killed")
            async with asyncio.TaskGroup() as tasks:
                asking = tasks.create_task(ask(pool, 50))
                await asyncio.sleep(1.0)
                ray.kill(self._cluster._sounds, no_restart=False)  # noqa: SLF001
            print(f"50 of 50 were answered in {asking.result():.1f} s, the actor of sound killed")
        async with self.deployed(self.others(replicas=1), "slow:0.2", WORKERS) as (_, pool):
            await ask(pool, CLIENTS)
            one = 80 / await ask(pool, 80)
        text = (
            f"{one:.1f} requests a second by one replica, {two:.1f} by two: {two / one:.2f} times"
        )
        self.aim(two / one >= TIMES, text)

    async def given_up(self) -> None:
        """Give up requests after their first result; see how soon each ended at its replica."""
        times = self._folder / "times"
        times.mkdir()
        engine = RayTts(f"endless:{times}", EngineContext(satellite="endless"), self._cluster)
        await engine.load()
        pool = LocalPool(engine, WORKERS, 64)
        delays = []
        try:
            for _ in range(20):
                before = set(times.iterdir())
                async with aclosing(pool.submit("synthesize", SpeechRequest("x"))) as results:
                    await anext(results)
                    closed = time.time()
                async with asyncio.timeout(30):
                    while not (new := [f for f in set(times.iterdir()) - before if f.read_text()]):
                        await asyncio.sleep(0.005)
                delays.append(float(new[0].read_text().split()[1]) - closed)
        finally:
            await engine.close()
        listed = f"the first after {delays[0]:.3f} s, the slowest after {max(delays):.3f} s"
        self.aim(max(delays) <= SOON, f"20 requests that are given up end: {listed}")

    async def abandoned(self, count: int) -> None:
        """Give up requests at all moments, and see what they leave."""
        async with self.deployed(self._cluster, "slow:5", 2 * WORKERS) as (engine, pool):

            async def leave(number: int) -> None:
                task = asyncio.create_task(transcribe(pool))
                await asyncio.sleep(0.002 * (number % 50))
                task.cancel()
                await asyncio.wait([task])

            for first in range(0, count, 50):
                await asyncio.gather(*(leave(number) for number in range(first, first + 50)))
            await asyncio.sleep(1.0)
            states = [await _handle(engine).state.remote() for _ in range(20)]  # of either replica
            running = sum(dict(states).values())
            held = await engine._deployed.sounds.held.remote()  # type: ignore[union-attr] # noqa: SLF001
            tasks = len(asyncio.all_tasks()) - 1
        text = f"{count} that are given up leave {running} requests at {len(dict(states))} replicas"
        text += f", {held} sounds, {pool.running + pool.queued} places, {tasks} tasks here"
        self.aim(not (running or held or pool.running or pool.queued), text)

    async def scaled(self) -> None:
        """See how soon requests that wait bring a second replica."""
        cluster = self.others(replicas=1, most=2)
        async with self.deployed(cluster, "slow:0.2", 2 * WORKERS) as (engine, pool):
            began, processes = time.monotonic(), set[int]()
            while len(processes) < 2 and time.monotonic() - began < SCALED:
                await ask(pool, 2 * CLIENTS)
                pid, _ = await _handle(engine).state.remote()
                processes.add(pid)
            took = time.monotonic() - began
        self.aim(len(processes) == 2, f"{len(processes)} replicas after {took:.1f} s of load")

    async def real(self, model: Path) -> None:
        """Compare with two workers of this process, on real weights."""
        component = f"faster-whisper:{model}?cpu_threads=1"
        context = EngineContext(satellite="real", models=ModelSettings(offline=True))
        audio = speak("turn on the light in the kitchen") + bytes(16000)
        load = os.getloadavg()[0]
        local = await assembly.create("asr", f"{component}&num_workers=2", context)
        await local.load()
        try:
            pool = LocalPool(local, 2, 64)
            await ask(pool, CLIENTS, audio, bool)
            here = await ask(pool, 32, audio, bool)
        finally:
            await local.close()
        cluster = self.others(workers=1, replicas=2)
        async with self.deployed(cluster, f"{component}&num_workers=1", 2, context) as (_, pool):
            await ask(pool, CLIENTS, audio, bool)
            there = await ask(pool, 32, audio, bool)
        text = f"32 sentences by tiny.en: {here:.2f} s by two local workers, {there:.2f} s by two"
        self.aim(there <= SLOWER * here, f"{text} replicas: {there / here:.2f} times")
        print(f"  at a load average of {load:.1f}")


def _handle(engine: RayAsr) -> Any:
    """Return the handle of the replicas, whose processes are no part of the contract."""
    deployed = engine._deployed  # noqa: SLF001
    assert deployed is not None
    return deployed.handle


def main() -> int:
    if find_spec("ray") is None:
        print("skipped: Ray is not installed: pip install -e '.[ray]'")
        return 3
    logging.basicConfig(level=logging.WARNING)
    print(f"load average at the start: {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory() as name, installed(Path(name)):
        soak = Soak(Path(name))
        asyncio.run(soak.run("real" in sys.argv[1:]))
    return 1 if soak.missed else 0


if __name__ == "__main__":
    sys.exit(main())
