"""Two servers of OpenAI's API behind two servers of ours, as servers/README.md shows, one lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any

import pytest

from satellite.events import Failover
from satellite.values import ReplyRequest, Resumed
from servers.llm.openai.engine import OpenAi
from servers.serve import serving
from tests.engines.test_failover import Scene, reply
from tests.support.engines import ScriptedLlm
from tests.support.openai_fake import FakeOpenAi, fake_openai, words

QUESTION = "why is the sky blue?"
ANSWER = ("Light is scattered. ", "Blue the most.")


class House:
    """Two upstreams, each behind a server, and a satellite that knows both."""

    def __init__(self) -> None:
        self.lost: set[str] = set()
        self.breaks = False
        self.upstreams: dict[str, FakeOpenAi] = {}
        self.stops: dict[str, AsyncExitStack] = {}
        self.scene = Scene("llm", ScriptedLlm([("I have no model.",)]), 5.0)
        self.scene.lan.ours = True

    async def add(self, name: str, stack: AsyncExitStack) -> None:
        """Start an upstream, and the server that uses it."""
        own = self.stops[name] = await stack.enter_async_context(AsyncExitStack())

        def answer(body: dict[str, Any]) -> list[Any]:
            if name == "first" and self.breaks:
                return words(*ANSWER)[:1]  # and then the connection ends
            continued = any(message["role"] == "assistant" for message in body["messages"])
            return words(*ANSWER[1:]) if continued else words(*ANSWER)

        fake = await own.enter_async_context(fake_openai(answer))
        self.upstreams[name] = fake
        engine = OpenAi(OpenAi.Options(url=fake.url, model="m", local_first=False, tool_rounds=0))
        stack.push_async_callback(engine.close)
        await engine.load()
        uri = await stack.enter_async_context(serving("llm", engine, "tcp://127.0.0.1:0"))
        self.scene.lan.uris.append(uri)
        self.scene.lan.pins.append(uri)

    def asked(self) -> tuple[int, int]:
        """Return how many requests each upstream had."""
        first, second = (len(fake.asked) for fake in self.upstreams.values())
        return first, second


@asynccontextmanager
async def opened() -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        house = House()
        for name in ("first", "second"):
            await house.add(name, stack)
        yield house


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with opened() as made:
        yield made


async def test_the_first_one_answers_while_it_runs(house: House) -> None:
    assert await reply(house.scene.engine) == "".join(ANSWER)
    assert house.asked() == (1, 0)


async def test_with_one_lost_every_request_is_answered_by_the_other(house: House) -> None:
    await house.stops["first"].aclose()
    for _ in range(3):
        assert await reply(house.scene.engine) == "".join(ANSWER)
    assert house.asked() == (0, 3)
    first, second = house.scene.lan.uris
    assert set(house.scene.moves) <= {(first, second)}
    assert house.scene.moves


async def test_an_answer_that_breaks_off_is_finished_by_the_other(house: House) -> None:
    await reply(house.scene.engine)  # the first answer of a model is held: it might reason
    house.breaks = True
    async with aclosing(house.scene.engine.reply(ReplyRequest(text=QUESTION))) as items:
        parts = [item async for item in items]
    assert parts == [ANSWER[0], Resumed(text=ANSWER[0]), ANSWER[1]]
    assert house.asked() == (2, 1)
    assert [type(event) for event in house.scene.events] == [Failover]


async def test_with_both_lost_the_built_in_engine_answers(house: House) -> None:
    for stop in house.stops.values():
        await stop.aclose()
    assert await reply(house.scene.engine) == "I have no model."
