"""The engines of a server: those by default, and that all are closed whatever one of them does."""

from __future__ import annotations

import asyncio

import pytest

from satellite.settings import ServerSettings, Settings
from servers.engines import ServedEngines, open_engines
from servers.pools import LocalPools
from tests.support.engines import ScriptedLlm, Unclosable


@pytest.mark.contained_failures
@pytest.mark.parametrize("error", [ValueError("strange"), SystemExit(3)], ids=repr)
async def test_an_engine_that_fails_to_close_leaves_no_other_open(error: BaseException) -> None:
    engines, llm, tts = ServedEngines(Settings(), None, None, 0), ScriptedLlm(), Unclosable(error)
    engines.by_role = {"llm": llm, "tts": tts}
    await engines.close()
    assert tts.closed
    assert llm.closed


async def test_an_engine_that_never_closes_leaves_no_other_open(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Endless(ScriptedLlm):
        async def close(self) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(LocalPools, "closing", 0.05)
    engines, llm = ServedEngines(Settings(), None, None, 0), ScriptedLlm()
    engines.by_role = {"llm": llm, "tts": Endless()}
    await engines.close()
    assert llm.closed
    assert "an engine did not close within 0.05 s" in caplog.text


async def test_every_wake_word_is_served_by_default() -> None:
    settings = Settings(server=ServerSettings(roles=("wake",)))
    async with open_engines(settings, None) as engines:
        names = {model.name for model in engines.by_role["wake"].describe().models}
    assert {"okay_nabu", "hey_jarvis", "alexa", "hey_mycroft", "hey_rhasspy"} <= names
