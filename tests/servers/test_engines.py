"""The engines of a server are closed whatever one of them does."""

from __future__ import annotations

import asyncio

import pytest

from satellite.settings import Settings
from servers.engines import ServedEngines
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
