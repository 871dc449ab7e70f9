"""Engines are made by their names, loaded side by side, and closed whatever happens."""

from __future__ import annotations

import logging
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from satellite.components.auto import BUILT_IN
from satellite.engines import assembly as engines
from satellite.errors import ConfigError, ModelMissing, PeerUnreachable, PluginUnknown
from satellite.events import Event
from satellite.net.remotes.base import Remote
from satellite.ports import ENGINE_ROLES, EngineContext
from satellite.settings import DeadlineSettings, ModelSettings, ServersSettings, Settings
from satellite.turns.context import label
from satellite.values import SpeechRequest
from servers.serve import serving
from tests.support.engines import ScriptedLlm, ScriptedTts, Unclosable

LIGHT = Settings(zeroconf=False, vad="energy")


@pytest.mark.parametrize("role", ENGINE_ROLES)
async def test_auto_is_the_built_in_engine_where_there_are_no_models(
    role: str, tmp_path: Path
) -> None:
    models = ModelSettings(folder=str(tmp_path), ollama="http://127.0.0.1:9")
    async with engines.opened(role, msgspec.structs.replace(LIGHT, models=models)) as engine:
        assert label(engine) == BUILT_IN[role]


async def test_a_uri_is_a_remote_engine() -> None:
    assert isinstance(
        await engines.create("asr", "tcp://10.0.0.5:10300", context=EngineContext()), Remote
    )


async def test_a_wrong_component_is_reported() -> None:
    with pytest.raises(PluginUnknown, match="did you mean espeak"):
        await engines.create("tts", "espeek", context=EngineContext())
    with pytest.raises(ConfigError, match="rat is unknown"):
        await engines.create("tts", "espeak?rat=3", context=EngineContext())


async def test_a_satellite_starts_before_its_servers_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    uri = f"unix://{tmp_path / 'asr.sock'}"
    settings = Settings(zeroconf=False, vad="energy", asr=uri)
    happened: list[Event] = []
    with caplog.at_level(logging.WARNING):
        async with engines.assembled(settings, happened.append) as assembly:
            assert label(assembly.turn.asr) == uri
    assert (
        f"asr: not available yet, retried at the next request: {uri} cannot be reached"
        in caplog.text
    )


async def test_a_command_that_needs_an_unreachable_server_fails(
    tmp_path: Path,
) -> None:
    settings = Settings(zeroconf=False, tts=f"unix://{tmp_path / 'tts.sock'}")
    with pytest.raises(PeerUnreachable, match="there is no such socket"):
        async with engines.opened("tts", settings):
            pytest.fail("opened")


async def test_a_missing_model_is_one_error_and_everything_else_is_closed() -> None:
    settings = Settings(zeroconf=False, vad="energy", wake="openwakeword:hey_nobody")
    with pytest.raises(ModelMissing, match="hey_nobody"):
        async with engines.assembled(settings, lambda event: None):
            pytest.fail("assembled")


async def test_a_pinned_address_is_used_without_zeroconf_and_its_deadline_is_the_stages(
    tmp_path: Path,
) -> None:
    async with serving("tts", ScriptedTts(hang=True, words=0), f"unix://{tmp_path}/tts") as uri:
        settings = Settings(
            zeroconf=False,
            tts="auto",
            servers=ServersSettings(pin=(uri,)),
            deadlines=DeadlineSettings(tts=0.5),
        )
        async with engines.opened("tts", settings) as engine:
            assert label(engine) == uri
            began = time.monotonic()
            async with aclosing(engine.synthesize(SpeechRequest(text="hello"))) as chunks:
                assert (await anext(chunks)).audio
            assert 0.2 <= time.monotonic() - began < 2.0, "then the built-in voice speaks"


@pytest.mark.contained_failures
async def test_an_engine_that_fails_to_close_ends_no_command_and_leaves_no_other_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    llm, tts = ScriptedLlm(), Unclosable()
    made: dict[str, Any] = {"llm": llm, "tts": tts}

    async def create(role: str, *_: Any) -> Any:
        return made[role]

    monkeypatch.setattr(engines, "create", create)
    async with engines.conversing(LIGHT, lambda event: None, ("llm", "tts")) as opened:
        assert set(opened) == {"llm", "tts"}
    assert tts.closed
    assert llm.closed
