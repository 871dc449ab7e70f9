"""Hundreds of satellites that start at once, and a server that is too slow for them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from wyoming.event import Event

from satellite.errors import PeerLate
from satellite.net.discovery import monitor
from satellite.net.discovery.location import NamedLocation
from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import describe
from servers.serve import serving
from tests.support import virtual_time
from tests.support.engines import ScriptedTts

SATELLITES = 400
COST = 0.025
"""Seconds of the server for a check; it ends each, also for those who have hung up."""
PATIENCE = 90.0


async def description() -> Event:
    async with serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as uri:
        return await describe(uri, pairing=Pairing())


async def until_all_know(answer: Event, patch: pytest.MonkeyPatch) -> float:
    """Return the seconds until all satellites know the server; at most `PATIENCE`."""
    loop = asyncio.get_running_loop()
    idle_from = 0.0

    async def queued(uri: str, connect: float, patience: float, **_: Any) -> Event:
        nonlocal idle_from
        idle_from = max(idle_from, loop.time()) + COST
        if (wait := idle_from - loop.time()) > patience:
            await asyncio.sleep(patience)
            raise PeerLate(f"{uri} did not describe itself")
        await asyncio.sleep(wait)
        return answer

    patch.setattr(monitor, "describe", queued)
    location = NamedLocation("tcp://127.0.0.1:9")
    satellites = [
        monitor.Monitor(location, lambda *_: None, lambda _: None, lambda _: True, Pairing())
        for _ in range(SATELLITES)
    ]
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(satellite.run()) for satellite in satellites]
        while loop.time() < PATIENCE and not all(satellite.server for satellite in satellites):
            await asyncio.sleep(1.0)
        for task in running:
            task.cancel()
    return loop.time()


def test_all_get_through(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = asyncio.run(description())
    assert virtual_time.run(until_all_know(answer, monkeypatch)) < PATIENCE


def test_none_would_without_longer_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = asyncio.run(description())
    monkeypatch.setattr(monitor, "LATE", monitor.PROBE[1])
    assert virtual_time.run(until_all_know(answer, monkeypatch)) >= PATIENCE
