"""The engine `openai`, with scripted servers for what real ones do not do at will."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from satellite.conformance import CHECKS, Check, LlmSample, fresh
from satellite.errors import (
    AnswerBroken,
    EngineBusy,
    EngineDown,
    EngineError,
    EngineFailed,
    ModelMissing,
)
from satellite.values import Action
from servers.llm.chat.openai_format import AnswerReader, Chunk
from servers.llm.openai.engine import OpenAi
from servers.openai.api import address, key_for
from tests.servers.llm.asking import ask, done, heard
from tests.support.openai_fake import call, fake_openai, words

SAMPLE = LlmSample(text="Tell me a story.", other="And another one.", patience=10.0)


@asynccontextmanager
async def brain(url: str, **options: Any) -> AsyncGenerator[OpenAi, None]:
    engine = OpenAi(OpenAi.Options(url=url, **{"local_first": False, **options}))
    try:
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def here() -> AsyncGenerator[Any, None]:
    story = words(*(f"word{number} " for number in range(10)))
    async with fake_openai(lambda body: story) as fake:
        options = OpenAi.Options(url=fake.url, local_first=False)
        async with fresh(lambda: OpenAi(options))() as engine:
            yield engine


@pytest.mark.parametrize("check", CHECKS["llm"], ids=[check.name for check in CHECKS["llm"]])
async def test_openai_conforms(check: Check) -> None:
    await check.run(here, SAMPLE)


async def test_an_answer_comes_piece_by_piece_from_the_only_model() -> None:
    async with (
        fake_openai(lambda body: words("It ", "is ", "warm.")) as fake,
        brain(fake.url, temperature=0.5, enable_thinking="false") as engine,
    ):
        await engine.load()
        assert heard(await ask(engine, "is it warm?")) == "It is warm."  # it might reason
        assert await ask(engine, "is it warm?") == ["It ", "is ", "warm."]
        assert [model.name for model in engine.describe().models] == ["m"]
    asked = fake.asked[0]
    assert (asked["model"], asked["temperature"], asked["stream"]) == ("m", 0.5, True)
    assert asked["chat_template_kwargs"] == {"enable_thinking": False}
    assert "top_p" not in asked


async def test_a_tool_is_called_and_its_result_goes_back_under_the_calls_id() -> None:
    def answer(body: dict[str, Any]) -> list[Any]:
        if body["messages"][-1]["role"] == "tool":
            return words("Five minutes.")
        return call("start_timer", {"minutes": 5})

    async with fake_openai(answer) as fake, brain(fake.url) as engine:
        parts = await ask(engine, "start a timer for my tea of five minutes")
    assert done(parts) == [Action(name="timer.start", data={"seconds": 300.0, "name": None})]
    assert heard(parts) == "Five minutes."
    asked, result = fake.asked[1]["messages"][-2:]
    assert asked["tool_calls"][0]["id"] == result["tool_call_id"]


async def test_a_server_that_calls_no_tools_is_asked_without_them() -> None:
    def answer(body: dict[str, Any]) -> Any:
        if "tools" in body:
            error = {"error": {"message": "tools param requires --jinja flag", "code": 500}}
            return web.json_response(error, status=500)
        return words("Hello.")

    async with fake_openai(answer) as fake, brain(fake.url) as engine:
        assert heard(await ask(engine, "hello")) == "Hello."
        assert heard(await ask(engine, "hello")) == "Hello."
    assert ["tools" in asked for asked in fake.asked] == [True, False, False]


@pytest.mark.parametrize("indent", [None, 2])
async def test_an_answer_that_is_not_streamed_is_read(indent: int | None) -> None:
    whole = {"choices": [{"message": {"content": "Hello."}, "finish_reason": "stop"}]}
    answer = web.Response(text=json.dumps(whole, indent=indent), content_type="application/json")
    async with fake_openai(lambda body: answer) as fake, brain(fake.url) as engine:
        assert heard(await ask(engine, "hello")) == "Hello."


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (web.json_response({"error": "no"}, status=401), EngineFailed, "key_file"),
        (web.json_response({"error": {"message": "wait"}}, status=429), EngineBusy, "wait"),
        (web.json_response({"error": {"message": "none"}}, status=404), ModelMissing, "no model m"),
        ([{"error": {"message": "out of memory"}}], EngineFailed, "out of memory"),
        (words("It is")[:1], AnswerBroken, "broke off"),
        (["data: {nonsense"], AnswerBroken, "broke off"),
        (['event: error\ndata: {"message": "too long"}'], EngineFailed, "too long"),
        ([{"object": "error", "message": "too long", "code": 400}], EngineFailed, "too long"),
        (
            web.Response(text='{\n "error": {\n "message": "too long"\n}\n}'),
            EngineFailed,
            "too long",
        ),
        (web.json_response({"object": "error", "message": "too long"}), EngineFailed, "too long"),
        (web.json_response({"answer": 42}), AnswerBroken, "no choices"),
        (["data: [DONE]"], AnswerBroken, "no choices"),
        (web.Response(text="<html>log in</html>"), AnswerBroken, "broke off"),
        (web.Response(text=""), AnswerBroken, "no choices"),
    ],
)
async def test_each_failure_names_the_server(
    answer: Any, kind: type[EngineError], says: str
) -> None:
    async with fake_openai(lambda body: answer) as fake, brain(fake.url, tool_rounds=0) as engine:
        with pytest.raises(kind, match=says) as failure:
            await ask(engine, "hello")
    assert fake.url in str(failure.value)


def delta(content: Any = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": content, **more}, "finish_reason": None}]}


END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
ROLE = {"choices": [{"delta": {"role": "assistant", "content": None}}]}
LINE = f"data:{json.dumps(delta('Hello.'))}"


@pytest.mark.parametrize(
    "events",
    [
        [ROLE, delta("Hello."), END, "data: [DONE]"],
        [delta("Hello."), END],  # without [DONE]
        [delta("Hello."), "data: [DONE]"],  # without a reason
        [": ping", LINE, ": ping", "data:", END, "data:[DONE]"],
        [f"event: message\r\n{LINE}\r\n\r\n{LINE.replace('Hello.', '')}\r\n\r", END],
        [f"id: 1\r{LINE}\r\rretry: 10\r", END],
        [f"\ufeff{LINE}", END],
        ['event: ping\ndata: {"type": "ping"}', LINE, END],
        [{"choices": None}, {"choices": []}, {"choices": [{"delta": None}]}, delta("Hello."), END],
        [delta("Hello."), END, {"choices": None, "usage": {"prompt_tokens_details": None}}],
        [delta("Hello."), END, {"usage": {"prompt_tokens_details": {"cached_tokens": None}}}],
        [delta("Hello."), END, {"usage": None}, "data: [DONE]"],
        [delta([{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo."}]), END],
        [delta(reasoning={"text": "Hm."}), delta("Hello.", reasoning_details=[]), END],
        [delta("Hello.", tool_calls=None, function_call=None, refusal=None), END],
        [delta("Hello.", tool_calls=[]), {**END, "object": "chat.completion.chunk"}],
    ],
)
async def test_each_way_of_streaming_is_read(events: list[Any]) -> None:
    async with fake_openai(lambda body: events) as fake, brain(fake.url, tool_rounds=0) as engine:
        assert heard(await ask(engine, "hello")) == "Hello."


@pytest.mark.parametrize(
    "pieces",
    [
        [{"index": 0, "id": "a", "function": None}, {"index": 0, "function": {"name": "get_time"}}],
        [{"id": "a", "function": {"name": "get_time", "arguments": None}}],
        [{"index": None, "id": "a", "function": {"name": "get_time", "arguments": {}}}],
    ],
)
def test_each_way_of_calling_is_read(pieces: list[Any]) -> None:
    found = read_calls([*(delta(tool_calls=[piece]) for piece in pieces), END])
    assert found == [("get_time", {})]


def read_calls(events: list[Any]) -> list[tuple[str, dict[str, Any]]]:
    reader = AnswerReader()
    for event in events:
        reader.read(msgspec.convert(event, Chunk))
    return [(call.name, dict(call.arguments)) for call in reader.last().calls]


def test_calls_that_all_have_number_0_are_several() -> None:
    pieces = [
        {"index": 0, "id": name, "function": {"name": name, "arguments": part}}
        for name, part in (("get_time", "{}"), ("start_timer", '{"minutes"'))
    ]
    more = delta(tool_calls=[{"index": 0, "function": {"arguments": ": 5}"}}])
    found = read_calls([*(delta(tool_calls=[piece]) for piece in pieces), more, END])
    assert found == [("get_time", {}), ("start_timer", {"minutes": 5})]


def test_calls_in_the_form_before_tools_are_read() -> None:
    events = [
        delta(function_call={"name": "start_timer", "arguments": ""}),
        delta(function_call={"arguments": '{"minutes": 5}'}),
        {"choices": [{"delta": {}, "finish_reason": "function_call"}]},
    ]
    assert read_calls(events) == [("start_timer", {"minutes": 5})]


async def test_a_server_that_does_not_run_may_come_later(caplog: pytest.LogCaptureFixture) -> None:
    async with brain("http://127.0.0.1:9/v1") as engine:
        await engine.load()
        with pytest.raises(EngineDown, match="set the option url"):
            await ask(engine, "hello")
    assert "language model unavailable" in caplog.text


async def test_one_of_several_models_has_to_be_chosen() -> None:
    async with fake_openai(lambda body: words("Hello.")) as fake:
        fake.listed = ("small", "large")
        async with brain(fake.url) as engine:
            with pytest.raises(ModelMissing, match="small, large"):
                await ask(engine, "hello")
        async with brain(fake.url, model="large") as engine:
            assert heard(await ask(engine, "hello")) == "Hello."
        assert fake.asked[-1]["model"] == "large"


async def test_the_key_is_sent_and_never_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "key"
    file.write_text("sk-very-secret\n")
    refused = web.json_response({"error": "wrong key sk-very-secret"}, status=401)
    async with (
        fake_openai(lambda body: refused) as fake,
        brain(fake.url, key_file=str(file)) as engine,
    ):
        await engine.load()
        with pytest.raises(EngineFailed):
            await ask(engine, "hello")
    assert set(fake.keys) == {"Bearer sk-very-secret"}
    assert "sk-very-secret" not in caplog.text


def test_the_key_of_the_environment_never_crosses_the_network_in_plain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert key_for("https://api.openai.com/v1", "") == "sk-1"
    assert key_for("http://localhost:8080/v1", "") == "sk-1"
    assert key_for("http://192.168.1.5:8080/v1", "") == ""


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://x/v1", "http:///v1"])
def test_an_address_that_is_none_is_reported(url: str) -> None:
    with pytest.raises(EngineFailed, match="is no address"):
        address(url)
