"""The standby: which engine serves when, and requests during a change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from satellite.components.auto import Preference
from satellite.conformance import CHECKS, Check, LlmSample, TtsSample, fresh
from satellite.errors import EngineClosed, EngineFailed
from satellite.ports import EngineContext
from satellite.values import ReplyRequest, SpeechRequest
from servers.pool import LocalPool
from servers.standby import STANDBYS, Standby
from tests.support.engines import Scripted, ScriptedLlm, ScriptedTts
from tests.support.peers import until

SOON = 0.005
"""Seconds between two checks, in a test."""


class Bench:
    """Engines by their components, and the component that is best at the moment."""

    def __init__(self, role: str, **engines: Any) -> None:
        self.role = role
        self.engines = engines
        self.best = Preference(next(iter(engines)), "satellite models pull x:y")
        self.made: list[str] = []

    async def choose(self) -> Preference:
        await asyncio.sleep(0)
        return self.best

    async def load_engine(self, component: str) -> Any:
        self.made.append(component)
        engine = self.engines[component]
        if isinstance(engine, Exception):
            raise engine
        await engine.load()
        return engine

    def standby(self) -> Any:
        return STANDBYS[self.role](
            self.role,
            choose=self.choose,
            load_engine=self.load_engine,
            pool=lambda engine: LocalPool(engine, 2, 2),
        )


@asynccontextmanager
async def watched(standby: Standby) -> AsyncGenerator[None, None]:
    """Looks all the time during this block; closed after it."""
    await standby.load()
    task = asyncio.create_task(standby.watch(SOON))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        await standby.close()


async def answer(standby: Any, text: str = "what") -> str:
    async with aclosing(standby.reply(ReplyRequest(text=text))) as parts:
        return "".join([part async for part in parts])


async def test_the_built_in_engine_is_logged_with_the_remedy(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    bench = Bench("llm", intents=ScriptedLlm([["built-in"]]))
    standby = bench.standby()
    assert standby.describe().name == "auto"
    await standby.load()
    await standby.load()
    assert await answer(standby) == "built-in"
    assert [record.getMessage() for record in caplog.records] == [
        "llm: intents stands in for ollama or llamacpp; remedy: satellite models pull x:y"
    ]
    await standby.close()
    assert bench.engines["intents"].closed


async def test_a_new_model_is_taken_into_use(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench = Bench("llm", intents=ScriptedLlm([["built-in"]]), real=ScriptedLlm([["better"]]))
    standby = bench.standby()
    async with watched(standby):
        assert await answer(standby) == "built-in"
        bench.best = Preference("real")
        await until(lambda: "real" in bench.made and bench.engines["intents"].closed)
        assert await answer(standby) == "better"
        assert standby.describe() == bench.engines["real"].describe()
        assert "llm: real takes over from intents" in caplog.messages
        bench.best = Preference("intents", "satellite models pull x:y")
        await asyncio.sleep(10 * SOON)
        assert await answer(standby) == "better", "it says itself what is wrong with it"
    assert bench.engines["real"].closed
    assert bench.made == ["intents", "real"]


async def test_a_request_stays_with_its_engine() -> None:
    pace = asyncio.Event()
    built_in = ScriptedLlm([["one ", "two"]], pace=pace)
    bench = Bench("llm", intents=built_in, real=ScriptedLlm([["better"]]))
    standby = bench.standby()
    async with watched(standby):
        running = asyncio.create_task(answer(standby))
        await until(lambda: built_in.running)
        bench.best = Preference("real")
        await until(lambda: standby.describe() == bench.engines["real"].describe())
        await until(lambda: bench.engines["real"].loads)
        assert await answer(standby) == "better"
        assert not built_in.closed
        pace.set()
        assert await running == "one two"
        await until(lambda: built_in.closed)


async def test_an_engine_that_fails_to_load_is_skipped(caplog: pytest.LogCaptureFixture) -> None:
    broken = EngineFailed("its file is damaged: satellite models verify")
    bench = Bench("tts", espeak=ScriptedTts(), broken=broken)
    bench.best = Preference("broken")
    standby = bench.standby()
    async with watched(standby):
        await asyncio.sleep(10 * SOON)
        assert bench.made == ["broken", "espeak"], "not tried again and again"
        async with aclosing(standby.synthesize(SpeechRequest(text="one two"))) as chunks:
            assert len([chunk async for chunk in chunks]) == 2
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.getMessage() for record in warnings] == [f"tts: broken cannot be used: {broken}"]


async def test_closing_closes_engines_with_requests_too() -> None:
    built_in, real = ScriptedLlm(hang=True), ScriptedLlm([["better"]])
    bench = Bench("llm", intents=built_in, real=real)
    standby = bench.standby()
    async with watched(standby):
        hanging = asyncio.create_task(answer(standby))
        await until(lambda: built_in.running)
        bench.best = Preference("real")
        await until(lambda: real.loads)
        await until(lambda: standby.describe() == real.describe())
        hanging.cancel()
        await asyncio.wait([hanging])
    assert (built_in.closed, real.closed) == (True, True)
    with pytest.raises(EngineClosed):
        await answer(standby)


SAMPLES: dict[str, Any] = {
    "llm": LlmSample(text="what time is it", other="what day is it"),
    "tts": TtsSample(text="One.", longer="One two three four five six seven."),
}


@pytest.mark.parametrize(
    ("role", "check"),
    [(role, check) for role in SAMPLES for check in CHECKS[role]],
    ids=[f"{role}-{check.name}" for role in SAMPLES for check in CHECKS[role]],
)
async def test_the_standby_conforms(role: str, check: Check) -> None:
    """With the real built-in engines behind it."""
    from satellite.engines import assembly as engines

    async def load_engine(component: str) -> Scripted:
        engine: Scripted = await engines.create(role, component, context=EngineContext())
        await engine.load()
        return engine

    async def choose() -> Preference:
        return Preference("intents" if role == "llm" else "espeak")

    def make() -> Any:
        return STANDBYS[role](
            role,
            choose=choose,
            load_engine=load_engine,
            pool=lambda engine: LocalPool(engine, 4, 4),
        )

    await check.run(fresh(make), SAMPLES[role])
