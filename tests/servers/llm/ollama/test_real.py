"""The engine with a real Ollama and a tiny model."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from wyoming.event import Event

from satellite import tools
from satellite.conformance import CHECKS, Check, LlmSample, fresh
from satellite.errors import ModelMissing
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.ports import EngineContext
from satellite.values import Action, Message, ReplyRequest, Situation
from servers.llm.chat import prompt
from servers.llm.chat.toolbox import Toolbox
from servers.llm.ollama.engine import Ollama
from servers.serve import serving as served
from tests.servers.llm.asking import ask, brain, done, heard
from tests.support import gguf_model, ollama_server
from tests.support.ollama_server import BABBLER, CALLER
from tests.support.peers import Client, client

SAMPLE = LlmSample(text="Tell me a story.", other="And another one.", patience=60.0)


class House:
    """An Ollama that runs, and the Modelfiles of its models."""

    def __init__(self, host: str, files: dict[str, Path]) -> None:
        self.host = host
        self.files = files

    def options(self, model: str, **more: Any) -> dict[str, Any]:
        """Options of a brain that makes its model of the Modelfile."""
        file = str(self.files[model])
        return {"model": model, "modelfile": file, "num_ctx": 4096, "num_predict": 24, **more}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    ollama_server.program()
    pytest.importorskip("gguf", reason="the Python package gguf is not installed")
    folder = tmp_path_factory.mktemp("ollama")
    with ollama_server.serving(folder) as host:
        yield House(host, ollama_server.write_models(folder))


async def test_a_model_is_created_from_its_modelfile_and_answers(house: House) -> None:
    async with brain(house.host, **house.options(BABBLER)) as engine:
        parts = await ask(engine, "tell me about the lamp")
        assert len(parts) > 3
        assert set(heard(parts).split()) <= set(gguf_model.WORDS)
        assert engine.describe().models[0].installed


async def test_seed_and_length_reach_the_model(house: House) -> None:
    chosen = house.options(BABBLER, seed=5, num_predict=10)
    async with brain(house.host, **chosen) as engine:
        first, second = [await ask(engine, "go on") for _ in range(2)]
    assert first == second
    assert len(heard(first).split()) <= 10


async def test_a_timer_is_started_by_a_tool_and_confirmed(house: House) -> None:
    async with brain(house.host, **house.options(CALLER)) as engine:
        parts = await ask(engine, "my tea needs five")
    start = Action(name="timer.start", data={"seconds": 300.0, "name": "tea"})
    assert done(parts) == [start]
    assert heard(parts).split() == list(gguf_model.ANSWER)


async def test_a_model_without_tools_is_asked_again_without_them(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with brain(house.host, **house.options(BABBLER)) as engine:
        assert heard(await ask(engine, "hello"))
    assert "does not support tools" in caplog.text


async def test_a_missing_model_is_reported_with_its_command(house: House) -> None:
    async with brain(house.host, model="nowhere") as engine:
        with pytest.raises(ModelMissing, match="satellite models pull ollama:nowhere"):
            await ask(engine, "hello")


async def test_a_long_conversation_stays_within_the_context(house: House) -> None:
    history = tuple(
        Message(role=("user", "assistant")[number % 2], text="the lamp is warm " * 20)
        for number in range(40)
    )
    async with brain(house.host, **house.options(BABBLER)) as engine:
        for _ in range(2):
            assert heard(await ask(engine, "and now", history=history))
        meter = engine._model._chat._meters[BABBLER]  # type: ignore[union-attr]  # noqa: SLF001
    assert meter.characters != 3.0, "the model's own count was never seen"


async def test_home_assistant_gets_the_whole_answer_and_conversations_stay_apart(
    house: House,
) -> None:
    options = Ollama.Options(host=house.host, local_first=True, **house.options(CALLER))
    async with fresh(lambda: Ollama(options))() as engine:
        await engine.load()
        async with served("llm", engine, "tcp://127.0.0.1:0") as uri, client(uri) as peer:
            context = {"conversation_id": "a", "device_id": "d", "satellite_id": "s"}
            await peer.send(Event("transcript", {"text": "tea please", "context": context}))
            events = await _until_stop(peer)
    kinds = [event.type for event in events]
    assert kinds[0] == "handled-start"
    assert kinds[-2:] == ["handled", "handled-stop"]
    assert set(kinds[1:-2]) == {"handled-chunk"}
    assert events[-2].data["text"].split() == list(gguf_model.ANSWER)
    assert events[-2].data["context"]["conversation_id"] == "a"


async def _until_stop(peer: Client) -> list[Event]:
    events: list[Event] = []
    async with asyncio.timeout(60):  # a model computes; on a busy machine, slowly
        while not events or events[-1].type != "handled-stop":
            event = await peer.connection.read()
            assert event is not None
            events.append(event)
    return events


async def test_changing_facts_come_last_and_ollama_computes_only_those(house: House) -> None:
    """The same person asks twice, a minute apart: the second prompt is ready in no time."""
    async with brain(house.host, **house.options(CALLER)) as engine:
        await ask(engine, "anything")  # creates the model
    definitions = Toolbox(tools.installed(), home=False, context=EngineContext()).definitions()

    def evaluate(minute: int) -> int:
        """Nanoseconds that Ollama spends on the prompt."""
        situation = Situation(now=f"2026-11-20T10:{minute}:00+01:00")
        request = ReplyRequest(text="hello again", situation=situation)
        asked = {
            "model": CALLER,
            "messages": [prompt.system_message("", situation), prompt.user_message(request)],
            "tools": definitions,
            "stream": False,
            "options": {"num_ctx": 4096, "num_predict": 2},
        }
        with urlopen(f"{house.host}/api/chat", json.dumps(asked).encode(), timeout=60) as answer:
            return int(json.load(answer)["prompt_eval_duration"])

    first = await asyncio.to_thread(evaluate, 10)
    later = [await asyncio.to_thread(evaluate, minute) for minute in (11, 12, 13)]
    assert min(later) < first / 5


async def test_satellite_ask_works_from_the_command_line(house: House) -> None:
    async with brain(house.host, **house.options(CALLER)) as engine:
        await ask(engine, "anything")  # creates the model
    component = f"ollama:{CALLER}?host={house.host}&num_predict=24"
    command = (sys.executable, "-m", "satellite", "ask", "--no-zeroconf", "--llm", component)
    process = await asyncio.create_subprocess_exec(
        *command, "tea", "please", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, reported = await asyncio.wait_for(process.communicate(), 60)
    assert said.decode().split() == list(gguf_model.ANSWER), reported.decode()
    assert "timer.start" in reported.decode()


@pytest.mark.parametrize("wire", [False, True], ids=["here", "wire"])
@pytest.mark.parametrize("check", CHECKS["llm"], ids=[check.name for check in CHECKS["llm"]])
async def test_a_real_ollama_conforms(house: House, check: Check, wire: bool) -> None:
    @asynccontextmanager
    async def make() -> AsyncGenerator[Any, None]:
        chosen = house.options(BABBLER, num_predict=6, num_ctx=512, tool_rounds=0)
        options = Ollama.Options(host=house.host, local_first=False, **chosen)
        async with fresh(lambda: Ollama(options))() as engine:
            if not wire:
                yield engine
                return
            await engine.load()
            async with (
                served("llm", engine, "tcp://127.0.0.1:0") as uri,
                fresh(lambda: remote(uri, "llm", pairing=Pairing()))() as far,
            ):
                yield far

    await check.run(make, SAMPLE)
