"""Slow clients take all places of a server; others are answered all the same."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from wyoming.event import Event

from satellite.errors import EngineTimeout
from satellite.net.memory_budget import MemoryBudget
from satellite.net.wire import Limits
from servers import places
from servers.caller import CALLER, Caller
from servers.places import Place, Places
from servers.serve import ServeLimits, outbox, serving, sound_pace
from servers.serve.outbox import Outbox
from tests.servers.serve.golden import AUDIO, chunk, lines, utterance
from tests.support.engines import ScriptedAsr, ScriptedTts
from tests.support.peers import client

ANY = "tcp://127.0.0.1:0"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times as fast, so that a test takes a second."""
    for module, names in {
        places: ("CHECK", "LEND", "TURN", "LONGEST_SENDING"),
        sound_pace: ("FIRST",),
    }.items():
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name) / 10)


async def test_trickling_sound_loses_its_place_while_another_request_waits() -> None:
    limits = ServeLimits(workers=2)
    async with (
        serving("asr", ScriptedAsr(["x"]), ANY, limits=limits) as uri,
        client(uri) as first,
        client(uri) as second,
        client(uri) as ordinary,
    ):
        for slow in (first, second):
            await slow.send(Event("transcribe"), *utterance()[:1], chunk(bytes(2)))
        await ordinary.send(Event("transcribe"), *utterance())
        assert lines(await ordinary.until("transcript")) == ["transcript x"]
        lost = [asyncio.create_task(slow.until("error")) for slow in (first, second)]
        await asyncio.wait(lost, return_when=asyncio.FIRST_COMPLETED)
        error = next(task.result()[-1] for task in lost if task.done())
        assert error.data["code"] == EngineTimeout.code
        assert "others wait" in error.data["text"]
        for task in lost:
            task.cancel()


async def test_trickling_sound_keeps_its_place_while_none_waits() -> None:
    async with (
        serving("asr", ScriptedAsr(["x"]), ANY, limits=ServeLimits(workers=1)) as uri,
        client(uri) as slow,
    ):
        await slow.send(Event("transcribe"), *utterance()[:1])
        for _ in range(4):
            await slow.send(chunk(bytes(2)))
            await asyncio.sleep(0.3)
        await slow.send(*utterance()[2:])
        assert lines(await slow.until("transcript")) == ["transcript x"]


async def test_sound_in_real_time_keeps_its_place_while_others_wait() -> None:
    async with (
        serving("asr", ScriptedAsr(["x"]), ANY, limits=ServeLimits(workers=1)) as uri,
        client(uri) as live,
        client(uri) as other,
    ):
        await live.send(Event("transcribe"), Event("audio-start", dict(AUDIO)))
        await live.send(chunk(bytes(6400)))
        await other.send(Event("transcribe"), *utterance())
        for _ in range(6):
            await live.send(chunk(bytes(6400)))  # 0.2 s of sound
            await asyncio.sleep(0.2)
        await live.send(Event("audio-stop"))
        assert lines(await live.until("transcript")) == ["transcript x"]
        assert lines(await other.until("transcript")) == ["transcript x"]


@asynccontextmanager
async def reader_that_stops(uri: str) -> AsyncGenerator[socket.socket, None]:
    """Ask for minutes of speech and read none of it."""
    host, _, port = uri.removeprefix("tcp://").rpartition(":")
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, (host, int(port)))
    body = b'{"text": "' + b"word " * 500 + b'"}'
    await loop.sock_sendall(raw, b'{"type": "synthesize", "data_length": %d}\n' % len(body) + body)
    try:
        yield raw
    finally:
        raw.close()


async def test_speech_that_is_not_read_gives_its_place_to_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "MOST", 256 * 1024)
    engine = ScriptedTts(seconds_per_word=1.0)
    limits = ServeLimits(workers=2, wire=Limits(write=30.0))
    async with (
        serving("tts", engine, ANY, limits=limits) as uri,
        reader_that_stops(uri) as first,
        reader_that_stops(uri),
        client(uri) as ordinary,
    ):
        async with asyncio.timeout(5):
            while engine.running < 2:
                await asyncio.sleep(0.01)
        await ordinary.send(Event("synthesize", {"text": "one two"}))
        assert (await ordinary.until("audio-stop"))[-1].type == "audio-stop"
        assert engine.stopped == 0, "slow ones are paused, not ended"
        first.setblocking(False)
        received = await _read_whole(first)
        assert received.count(b'"audio-stop"') == 1, "and go on when they read again"
    assert engine.most == 3


async def _read_whole(raw: socket.socket) -> bytes:
    loop, received = asyncio.get_running_loop(), bytearray()
    async with asyncio.timeout(20):
        while b'"audio-stop"' not in received[-4096:]:
            received += await loop.sock_recv(raw, 1 << 20)
    return bytes(received)


async def test_buffered_answers_leave_memory_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = MemoryBudget(1 << 20)
    stuck = asyncio.Event()

    async def never(event: Event) -> None:
        await stuck.wait()

    async def fill(address: str) -> None:
        box = Outbox(never, budget.of(address))
        async with box.sending():
            while True:
                await box.write(chunk(bytes(2000)))

    tasks = [asyncio.create_task(fill(f"10.0.0.{number}")) for number in range(20)]
    await asyncio.sleep(0.1)
    assert budget.used < 0.85 * budget.most, "a quarter, less an event each"
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert budget.used == 0


async def hold(spot: Places, address: str, caller: Caller | None = None) -> Place:
    """Take a place as a client of an address."""

    async def take() -> Place:
        CALLER.set(caller or Caller(address))
        return await spot.take()

    return await asyncio.create_task(take())


async def test_the_next_place_is_for_the_address_with_the_fewest() -> None:
    spot = Places(2, 10)
    held = [await hold(spot, "10.0.0.1") for _ in range(2)]
    order: list[str] = []

    async def wait(address: str) -> None:
        place = await hold(spot, address)
        order.append(address)
        place.leave()

    tasks = [asyncio.create_task(wait(a)) for a in ("10.0.0.1", "10.0.0.1", "10.0.0.2")]
    await asyncio.sleep(0.01)
    held[0].leave()
    await asyncio.wait(tasks)
    assert order == ["10.0.0.2", "10.0.0.1", "10.0.0.1"]


async def test_an_address_that_holds_all_places_makes_way_at_its_next_result() -> None:
    spot = Places(1, 10)
    busy = await hold(spot, "10.0.0.1")
    other = asyncio.create_task(hold(spot, "10.0.0.2"))
    await asyncio.sleep(0.8)
    assert not other.done(), "a result has not come yet"
    busy.offer()
    place = await asyncio.wait_for(other, 1)
    resumed = asyncio.create_task(busy.resume())
    await asyncio.sleep(0.01)
    assert not resumed.done()
    place.leave()
    await asyncio.wait_for(resumed, 1)
    busy.leave()


async def test_endless_sound_from_one_address_loses_one_place_and_the_last_stays_free() -> None:
    spot = Places(2, 10)
    began = asyncio.get_running_loop().time()

    def endless() -> Caller:
        return Caller("10.0.0.1", sending=lambda now: now - began)

    async def work(caller: Caller) -> None:
        place = await hold(spot, "", caller)
        try:
            await place.work(asyncio.Event().wait())
        finally:
            place.leave()

    working = [asyncio.create_task(work(endless())) for _ in range(2)]
    await asyncio.sleep(0.05)
    other = await asyncio.wait_for(hold(spot, "10.0.0.2"), 4)
    again = asyncio.create_task(work(endless()))
    other.leave()
    await asyncio.sleep(0.05)
    assert spot.running == 1, "the address is watched: the last place is for others"
    (await asyncio.wait_for(hold(spot, "10.0.0.2"), 0.1)).leave()
    lost = next(task for task in working if task.done())
    with pytest.raises(EngineTimeout, match="others wait"):
        lost.result()
    for task in (*working, again):
        task.cancel()
    await asyncio.wait([*working, again])
    assert spot.running == spot.queued == 0


async def test_a_cancelled_wait_leaves_nothing_behind() -> None:
    spot = Places(1, 10)
    held = await hold(spot, "10.0.0.1")
    waiting = asyncio.create_task(spot.take())
    await asyncio.sleep(0.01)
    held.leave()
    waiting.cancel()  # it has just been granted the place
    await asyncio.wait([waiting])
    assert spot.running == spot.queued == 0
