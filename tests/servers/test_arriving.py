"""`satellite --server` without any model, and models that are added while it serves."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from wyoming.event import Event

from satellite.errors import ModelMissing
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.net.remotes.describe import describe
from satellite.settings import ModelSettings, ServerSettings, Settings
from satellite.values import ReplyRequest
from servers import app
from servers.llm.ollama.engine import Ollama
from tests.cli import program
from tests.servers.serve.golden import utterance
from tests.support.hub import Hub, hub_running
from tests.support.ollama_fake import fake_ollama, words
from tests.support.peers import client
from tests.support.piper_voice import VoiceSpec, make_voice
from tests.support.whisper_model import made_whisper, saying

PATIENCE = 20.0
"""Seconds to download, notice and load a model."""

KEYS = {"asr": "asr", "llm": "handle", "tts": "tts"}


@asynccontextmanager
async def running(folder: Path, ollama: str, **more: Any) -> AsyncGenerator[dict[str, str], None]:
    """A server of all roles that finds its models in a folder, and its URIs."""
    places = {role: f"unix://{folder}/{role}.sock" for role in KEYS}
    tasks = []
    for role, uri in places.items():
        chosen = Settings(
            zeroconf=False,
            models=ModelSettings(folder=str(folder / "models"), ollama=ollama),
            server=ServerSettings(roles=(role,), uri=uri),
            **more,
        )
        tasks.append(asyncio.create_task(app.run(chosen, lambda event: None)))
    try:
        for task, uri in zip(tasks, places.values(), strict=True):
            async with asyncio.timeout(PATIENCE):
                while not Path(uri.removeprefix("unix://")).exists() and not task.done():
                    await asyncio.sleep(0.01)
            if task.done():
                task.result()
        yield places
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def until_it_is(role: str, uri: str, name: str) -> None:
    """Wait until the service's program has this name."""
    async with asyncio.timeout(PATIENCE):
        while (await describe(uri, pairing=Pairing())).data[KEYS[role]][0]["name"] != name:
            await asyncio.sleep(0.05)


async def pulled(hub: Hub, folder: Path, *names: str) -> None:
    """What a person does in another terminal."""
    variables = {
        "SATELLITE_MODELS_FOLDER": str(folder / "models"),
        "SATELLITE_MODELS_ENDPOINT": hub.endpoint,
        "HF_TOKEN_PATH": os.devnull,
    }
    done = await asyncio.to_thread(program.satellite, "models", "pull", *names, variables=variables)
    assert done.code == 0, done.errors


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_built_in_engines_serve_and_the_remedies_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "servers.standby")
    async with running(tmp_path, "http://127.0.0.1:9") as uris:
        for role, name in {"asr": "pocketsphinx", "llm": "intents", "tts": "espeak"}.items():
            await until_it_is(role, uris[role], name)
    said = sorted(r.getMessage() for r in caplog.records if r.name == "servers.standby")
    assert [line.partition(";")[0] for line in said] == [
        "asr: pocketsphinx stands in for sherpa-onnx or faster-whisper",
        "llm: intents stands in for ollama or llamacpp",
        "tts: espeak stands in for sherpa-onnx or piper",
    ]
    wanted = ("whisper:base.en", "gguf:qwen2.5-1.5b", "piper:en_US-lessac-medium")
    for line, model in zip(said, wanted, strict=True):
        assert line.endswith(f"satellite models pull {model}")


async def test_new_models_are_used_without_interrupting_requests(tmp_path: Path) -> None:
    for package in ("piper", "faster_whisper", "httpx", "huggingface_hub"):
        pytest.importorskip(package)
    voice = "en_US-test-low"
    spec = VoiceSpec(name=voice, rate=16000)  # eSpeak NG's is another
    with hub_running() as hub:
        hub.add_voice(voice, files_in(make_voice(tmp_path / "voice", spec).parent))
        hub.repositories["Systran/faster-whisper-base.en"] = files_in(made_whisper(saying("hello")))
        async with running(tmp_path, "http://127.0.0.1:9") as uris, client(uris["tts"]) as peer:
            await peer.send(
                Event("synthesize-start"),
                Event("synthesize-chunk", {"text": "The first sentence of it. And "}),
            )
            begun = await peer.until("audio-chunk")
            await pulled(hub, tmp_path, f"piper:{voice}", "whisper:base.en")
            await until_it_is("tts", uris["tts"], "piper")
            await peer.send(
                Event("synthesize-chunk", {"text": "the second one."}), Event("synthesize-stop")
            )
            events = begun + await peer.until("synthesize-stopped")
            kinds = [event.type for event in events if event.type != "audio-chunk"]
            assert kinds == ["audio-start", "audio-stop", "synthesize-stopped"]
            rates = {event.data["rate"] for event in events if "rate" in event.data}
            assert rates == {22050}, "what was announced holds to the end"
            await until_it_is("asr", uris["asr"], "faster-whisper")
            async with client(uris["asr"]) as listener:
                await listener.send(Event("transcribe"), *utterance())
                assert (await listener.until("transcript"))[-1].data["text"] in ("", "hello")


async def test_ollama_that_starts_later_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ollama, "look_every", 0.1)
    async with fake_ollama(words("Bees do.")) as fake:
        host = fake.host
    async with running(tmp_path, host) as uris:
        await until_it_is("llm", uris["llm"], "intents")
        async with fake_ollama(words("Bees do."), port=int(host.rpartition(":")[2])):
            await until_it_is("llm", uris["llm"], "ollama")
            brain = remote(uris["llm"], "llm", pairing=Pairing())
            async with aclosing(brain.reply(ReplyRequest(text="who makes honey"))) as parts:
                assert "".join([str(part) async for part in parts]) == "Bees do."
            await brain.close()


@pytest.mark.parametrize(
    ("role", "component", "remedy"),
    [
        ("asr", "faster-whisper:base.en", "satellite models pull whisper:base.en"),
        ("tts", "piper:en_US-lessac-medium", "satellite models pull piper:en_US-lessac-medium"),
    ],
)
async def test_a_configured_model_is_required(
    tmp_path: Path, role: str, component: str, remedy: str
) -> None:
    pytest.importorskip({"asr": "faster_whisper", "tts": "piper"}[role])
    chosen: dict[str, Any] = {role: component}
    settings = Settings(
        zeroconf=False,
        models=ModelSettings(folder=str(tmp_path)),
        server=ServerSettings(roles=(role,), uri=f"unix://{tmp_path}/x.sock"),
        **chosen,
    )
    with pytest.raises(ModelMissing, match=remedy):
        await app.run(settings, lambda event: None)
