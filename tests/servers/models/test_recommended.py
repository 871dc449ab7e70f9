"""Recommended models, and what can be used on this machine."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path

import pytest

from satellite.settings import ModelSettings, Settings
from servers.models import offers
from servers.models.names import GGUF, SHERPA, parse
from servers.models.recommended import component_of, recommended
from servers.models.store import Store
from tests.support.openai_fake import fake_openai, words
from tests.support.sherpa_models import write_zipformer

MODEL = b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + b"weights" * 50


@pytest.mark.parametrize(
    ("language", "first"),
    [
        ("en", ["whisper:base.en", "gguf:qwen2.5-1.5b", "piper:en_US-lessac-medium"]),
        ("zh", ["whisper:small", "gguf:qwen2.5-1.5b", "piper:zh_CN-huayan-medium"]),
        ("sv", ["whisper:small", "gguf:qwen2.5-1.5b"]),
    ],
)
def test_the_first_models_of_a_language(language: str, first: list[str]) -> None:
    assert [model.model for model in recommended(language) if model.first] == first


def test_models_of_other_languages_are_left_out() -> None:
    chinese = {model.model for model in recommended("zh-TW")}
    assert {"whisper:small", "sherpa:sense-voice", "sherpa:melo-zh-en"} <= chinese
    assert not chinese & {"whisper:base.en", "sherpa:zipformer-en", "sherpa:kitten-en"}
    english = {model.model for model in recommended("en-GB")}
    assert "whisper:base.en" in english
    assert "whisper:base" not in english


def test_a_model_needs_memory() -> None:
    (large,) = [model for model in recommended("en") if model.model == "gguf:qwen3-8b"]
    assert large.fits(16 * 10**9)
    assert not large.fits(8 * 10**9)


@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("whisper:base.en", ("asr", "faster-whisper:base.en")),
        ("piper:de_DE-thorsten-medium", ("tts", "piper:de_DE-thorsten-medium")),
        ("gguf:qwen3-4b", ("llm", "llamacpp:qwen3-4b")),
        ("gpt4all:a.gguf", ("llm", "gpt4all:a.gguf")),
        ("ollama:llama3.2:1b", ("llm", "ollama:llama3.2:1b")),
        ("sherpa:sense-voice", ("asr", "sherpa-onnx:sense-voice")),
        ("sherpa:kokoro-en", ("tts", "sherpa-onnx:kokoro-en")),
        ("sherpa:kws-zh", None),
        ("sherpa:punctuation-en", None),
    ],
)
def test_the_engine_of_a_model(name: str, used: tuple[str, str] | None) -> None:
    assert component_of(parse(name)) == used


def test_an_engine_without_models_lacks_one_for_each_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ModelSettings(folder=str(tmp_path))
    monkeypatch.setattr(offers, "find_spec", lambda name: object())
    assert offers.lacking(Settings(models=store, language="zh")) == {
        "asr": "sherpa:zipformer-zh-en",
        "tts": "sherpa:kokoro-multi-lang",
        "wake": "sherpa:kws-zh",
    }
    (tmp_path / "sherpa").mkdir()
    write_zipformer(tmp_path / "folder", ("▁A", "▁B"))
    Store(tmp_path).take(SHERPA, "zipformer-en", tmp_path / "folder")
    assert set(offers.lacking(Settings(models=store))) == {"tts", "wake"}
    assert set(offers.lacking(Settings(models=store, language="sv"))) == set()
    monkeypatch.setattr(offers, "find_spec", lambda name: None)
    assert offers.lacking(Settings(models=store)) == {}


async def test_what_is_installed_or_served_is_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.gguf").write_bytes(MODEL)
    Store(tmp_path / "models").take(GGUF, "mine", tmp_path / "m.gguf")
    models = ModelSettings(folder=str(tmp_path / "models"), ollama="http://127.0.0.1:1")
    async with fake_openai(lambda body: words("Hi")) as server:
        monkeypatch.setattr(offers, "OPENAI", {server.url: "a server", "http://127.0.0.1:1/v1": ""})
        monkeypatch.setattr(offers, "SOVITS", ("127.0.0.1", 1))
        found = await offers.offers(Settings(models=models))
    assert [(offer.role, offer.component) for offer in found] == [
        ("llm", "llamacpp:mine"),
        ("llm", f"openai:{server.url}"),
    ]
    assert found[1].text == "a server: m"


async def test_a_server_that_hangs_delays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)  # until the client has left
        writer.close()
        await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setattr(offers, "OPENAI", {f"http://127.0.0.1:{port}/v1": "it"})
        monkeypatch.setattr(offers, "SOVITS", ("127.0.0.1", 1))
        models = ModelSettings(folder="/nowhere", ollama="http://127.0.0.1:1")
        async with asyncio.timeout(10):
            assert await offers.offers(Settings(models=models)) == ()
            await ended.wait()
