"""Which program a server of OpenAI's API is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satellite.components import spec
from satellite.errors import EngineDown, EngineFailed
from satellite.ports import ServedByProgram
from satellite.values import ProgramInfo
from servers.openai.api import OpenAiApi
from servers.openai.identity import MOST, identify
from tests.support.openai_programs import PROGRAMS, models, program
from tests.support.sovits_fake import fake_sovits


async def found_at(answers: dict[str, Any]) -> ProgramInfo:
    async with program(answers) as (url, _), OpenAiApi(url, "", 5) as api:
        found = await identify(api)
        assert found.url == url
        return found


@pytest.mark.parametrize("name", PROGRAMS)
async def test_each_program_is_recognized(name: str) -> None:
    found = await found_at(PROGRAMS[name])
    assert f"{found.name} {found.version}".strip() == name
    assert found.roles
    assert found.models == tuple(model["id"] for model in PROGRAMS[name]["/v1/models"]["data"])


async def test_its_context_and_voices_are_named() -> None:
    llama = await found_at(PROGRAMS["llama.cpp b6543-1a2b3c"])
    assert str(llama) == "llama.cpp b6543-1a2b3c; model qwen.gguf; context of 4096 tokens"
    assert (await found_at(PROGRAMS["vLLM 0.11.0"])).context == 32768
    kokoro = await found_at(PROGRAMS["Kokoro-FastAPI"])
    assert kokoro.voices == ("af_heart", "zf_xiaoxiao")
    assert str(kokoro).endswith("models tts-1, kokoro; voices af_heart, zf_xiaoxiao")


@pytest.mark.parametrize(
    "answers",
    [
        {
            "/props": "<html>",
            "/version": [1],
            "/test": {"status": 5},
            "/api/v0/models": {"data": 3},
        },
        {"/api/v0/models": {"data": [7]}, "/v1/audio/voices": {"voices": [3, {"id": 4}]}},
        {"/props": {"default_generation_settings": {"n_ctx": "many"}}},
        {"/api/version": {"version": 3}, "/v1/audio/voices": {"voices": "none"}},
    ],
)
async def test_strange_answers_do_no_harm(answers: dict[str, Any]) -> None:
    found = await found_at({"/v1/models": models("m"), **answers})
    assert found.models == ("m",)
    assert (found.context, found.voices) == (None, ())


async def test_what_is_listed_is_bounded() -> None:
    names = [str(number) for number in range(MOST + 50)]
    answers = {"/v1/models": models(*names), "/v1/audio/voices": {"voices": names}}
    found = await found_at(answers)
    assert (len(found.models), len(found.voices)) == (MOST, MOST)
    assert len(str(found)) < 200


async def test_the_key_goes_to_the_api_alone(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("secret")
    async with program(PROGRAMS["LiteLLM"]) as (url, asked), OpenAiApi(url, str(key), 5) as api:
        await identify(api)
    keys = {request.path: request.headers.get("Authorization") for request in asked}
    assert keys["/v1/models"] == "Bearer secret"
    assert {keys[path] for path in keys if not path.startswith("/v1/")} == {None}


@pytest.mark.parametrize("role", ["asr", "llm", "tts"])
async def test_engines_say_which_program_serves_them(role: str) -> None:
    async with program(PROGRAMS["LocalAI"]) as (url, _):
        engine: Any = spec.create(role, f"openai:{url}")
        assert isinstance(engine, ServedByProgram)
        assert (await engine.served_by()).name == "LocalAI"
        await engine.close()
    gone = spec.create(role, "openai:http://127.0.0.1:9/v1")
    with pytest.raises(EngineDown, match="no server answers"):
        await gone.served_by()
    await gone.close()


async def test_gpt_sovits_is_recognized_by_its_paths() -> None:
    async with fake_sovits() as fake:
        engine = spec.create("tts", f"gpt-sovits:{fake.url}?ref_audio_path=/c.wav")
        assert str(await engine.served_by()) == "GPT-SoVITS; voice default"
        await engine.close()
    async with program({"/openapi.json": {"paths": {"/speak": {}}}}) as (url, _):
        engine = spec.create("tts", f"gpt-sovits:{url.removesuffix('/v1')}")
        with pytest.raises(EngineFailed, match=r"has no /tts: start api_v2\.py"):
            await engine.served_by()
        await engine.close()
