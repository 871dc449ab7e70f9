"""The pool: ordered and bounded, with places freed at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.errors import EngineBusy, EngineFailed
from satellite.values import AudioChunk, DetectRequest, SpeechRequest
from servers.pool import LocalPool
from tests.support.engines import ScriptedTts
from tests.support.peers import until


async def say(pool: LocalPool, text: str) -> list[AudioChunk]:
    async with aclosing(pool.submit("synthesize", SpeechRequest(text=text))) as results:
        return [chunk async for chunk in results]


async def test_requests_run_in_order_and_within_the_limit() -> None:
    engine = ScriptedTts()
    pool = LocalPool(engine, workers=2, waiting=10)
    async with asyncio.TaskGroup() as tasks:
        for number in range(8):
            tasks.create_task(say(pool, f"{number}"))
    assert engine.most == 2
    assert engine.texts == [str(number) for number in range(8)]


async def test_requests_beyond_the_queue_are_refused_with_a_reason() -> None:
    gate = asyncio.Event()
    engine = ScriptedTts(gate=gate)
    pool = LocalPool(engine, workers=1, waiting=1)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(2):
            tasks.create_task(say(pool, "x"))
        await until(lambda: engine.running)
        with pytest.raises(EngineBusy, match="1 requests are running and 1 are waiting"):
            await say(pool, "x")
        gate.set()
    assert len(await say(pool, "x")) == 1


@pytest.mark.parametrize("which", ["working", "waiting"])
async def test_a_cancelled_request_frees_its_place(which: str) -> None:
    gate = asyncio.Event()
    engine = ScriptedTts(gate=gate)
    pool = LocalPool(engine, workers=1, waiting=5)
    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(say(pool, "working"))
        await until(lambda: engine.running)
        waiting = tasks.create_task(say(pool, "waiting"))
        last = tasks.create_task(say(pool, "last"))
        await asyncio.sleep(0)
        (working if which == "working" else waiting).cancel()
        gate.set()
        assert len(await last) == 1
    left = "waiting" if which == "working" else "last"
    assert engine.texts == ["working", left, "last"][: 3 if which == "working" else 2]


async def test_closing_the_results_stops_the_request() -> None:
    engine = ScriptedTts(hang=True)
    pool = LocalPool(engine, workers=1, waiting=0)
    async with aclosing(pool.submit("synthesize", SpeechRequest(text="a b"))) as results:
        await anext(results)
    assert (engine.running, engine.stopped) == (0, 1)
    async with aclosing(pool.submit("synthesize", SpeechRequest(text="a b"))) as results:
        assert await anext(results)


async def test_an_error_is_raised_and_frees_the_place() -> None:
    pool = LocalPool(ScriptedTts(error=EngineFailed("no voice")), workers=1, waiting=0)
    for _ in range(3):
        with pytest.raises(EngineFailed, match="no voice"):
            await say(pool, "x")


class Preparing(ScriptedTts):
    """Makes ready slowly for the text "new"."""

    def __init__(self, ready: asyncio.Event) -> None:
        super().__init__()
        self.ready = ready
        self.preparing = 0

    async def prepare_for(self, request: SpeechRequest) -> None:
        if request.text == "new":
            self.preparing += 1
            await self.ready.wait()


async def test_a_request_holds_no_place_while_it_is_made_ready() -> None:
    ready = asyncio.Event()
    engine = Preparing(ready)
    pool = LocalPool(engine, workers=1, waiting=0)
    waiting = asyncio.create_task(say(pool, "new"))
    await until(lambda: engine.preparing)
    assert pool.running == pool.queued == 0
    assert await say(pool, "known")
    ready.set()
    assert await waiting
    assert engine.texts == ["known", "new"]


async def test_a_wake_engine_of_ours_works_in_a_pool() -> None:
    async def silence() -> AsyncGenerator[bytes, None]:
        yield bytes(32_000)

    engine = MicroWakeWord(MicroWakeWord.Options())
    try:
        pool = LocalPool(engine, 1, 1)
        found = [found async for found in pool.submit("detect", silence(), DetectRequest())]
        assert found == []
    finally:
        await engine.close()
