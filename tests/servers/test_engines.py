"""The engines of a server are closed whatever one of them does."""

from __future__ import annotations

import pytest

from satellite.settings import Settings
from servers.engines import ServedEngines
from tests.support.engines import ScriptedLlm, Unclosable


@pytest.mark.contained_failures
@pytest.mark.parametrize("error", [ValueError("strange"), SystemExit(3)], ids=repr)
async def test_an_engine_that_fails_to_close_leaves_no_other_open(error: BaseException) -> None:
    engines, llm, tts = ServedEngines(Settings(), None, None, 0), ScriptedLlm(), Unclosable(error)
    engines.by_role = {"llm": llm, "tts": tts}
    await engines.close()
    assert tts.closed
    assert llm.closed
