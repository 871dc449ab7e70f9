"""The engine `intents`: any text, cancellation, closing, errors."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import aclosing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satellite.errors import EngineClosed, EngineFailed, ModelMissing
from satellite.ports import Llm
from satellite.values import Declined, ReplyPart, ReplyRequest, Situation
from servers.llm.intents import Intents, answer
from tests.servers.llm.built_in_engine import english

WORDS = re.findall(
    r"\S+",
    "set a an the my timer timers for ten five 3 minute minutes hour second half and called pizza "
    "turn on off lamp living room in all volume up to percent % what time is it cancel stop please",
)


def brain(**options: str) -> Intents:
    return Intents(Intents.Options(**options))


async def reply(engine: Intents, text: str, situation: Situation | None = None) -> list[ReplyPart]:
    request = ReplyRequest(text=text, situation=situation or Situation())
    async with aclosing(engine.reply(request)) as pieces:
        return [piece async for piece in pieces]


async def test_the_engine_describes_its_language() -> None:
    engine = brain()
    await engine.load()
    await engine.load()
    assert isinstance(engine, Llm)
    assert engine.describe().models[0].languages == ("en",)
    await engine.close()


async def test_an_empty_request_gets_an_empty_reply() -> None:
    engine = brain()
    assert await reply(engine, " \n ") == []
    await engine.close()


async def test_a_very_long_text_is_declined_at_once() -> None:
    engine = brain()
    await engine.load()
    begin = time.perf_counter()
    for text in ("set a timer for " * 6250, "x" * 100_000, "stop" + " " * 100_000 + "it"):
        (declined,) = await reply(engine, text)
        assert isinstance(declined, Declined)
    assert time.perf_counter() - begin < 1
    await engine.close()


@settings(deadline=None)
@given(st.text(max_size=400))
def test_any_text_gets_a_reply(text: str) -> None:
    assert answer(english(), ReplyRequest(text=text))


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join))
def test_any_order_of_known_words_gets_a_reply_in_bounded_time(text: str) -> None:
    begin = time.process_time()
    assert answer(english(), ReplyRequest(text=text))
    assert time.process_time() - begin < 2


async def test_overlapping_calls_are_each_answered() -> None:
    engine = brain()
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(reply(engine, "hello")) for _ in range(5)]
    assert [call.result() for call in calls] == [["Hello."]] * 5
    await engine.close()


async def test_a_cancelled_call_does_not_affect_the_next() -> None:
    engine = brain()
    for steps in range(4):
        call = asyncio.ensure_future(reply(engine, "hello"))
        for _ in range(steps):
            await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert await reply(engine, "hello") == ["Hello."]
    await engine.close()


async def test_a_reply_can_be_closed_early() -> None:
    engine = brain()
    pieces = engine.reply(ReplyRequest(text="set a timer for five minutes"))
    assert await anext(pieces) == "Timer set for 5 minutes."
    await pieces.aclose()
    await engine.close()


async def test_close_is_idempotent_and_later_calls_fail() -> None:
    engine = brain()
    await engine.load()
    await engine.close()
    await engine.close()
    for text in ("hello", ""):
        with pytest.raises(EngineClosed):
            await reply(engine, text)
    with pytest.raises(EngineClosed):
        await engine.load()


async def test_an_unknown_language_is_reported_with_the_known_ones() -> None:
    engine = brain(language="tlh-QO")
    with pytest.raises(ModelMissing, match=r'language "tlh"; built in: .*en'):
        await engine.load()
    await engine.close()


async def test_a_malformed_time_is_an_error_of_one_line() -> None:
    engine = brain()
    with pytest.raises(EngineFailed, match='time is not ISO 8601: "noon"'):
        await reply(engine, "what time is it", Situation(now="noon"))
    await engine.close()
