"""Rings and tools that raise anything end neither a task of the satellite nor a turn."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from satellite.ports import EngineContext
from satellite.timers import TimerManager
from satellite.timers import bell as bells
from satellite.timers.ringing import Ring
from satellite.tools import Tool
from satellite.values import ReplyRequest
from servers.llm.chat.toolbox import Toolbox
from tests.support.ring_words import english_rings

ERRORS = [
    ValueError("strange"),
    MemoryError(),
    RecursionError(),
    SystemExit(3),
    TimeoutError(),
    StopAsyncIteration(),
    BaseExceptionGroup("several", [SystemExit(1)]),
]


@pytest.mark.contained_failures
@pytest.mark.parametrize("error", ERRORS, ids=repr)
async def test_a_ring_that_fails_is_followed_by_others(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "PAUSE", 0.01)
    rings: list[Ring] = []

    async def ring(ring: Ring) -> None:
        rings.append(ring)
        raise error

    manager = TimerManager(lambda event: None, ring, 60.0, english_rings)
    running = asyncio.create_task(manager.run())
    try:
        manager.start(0.01, "egg")
        async with asyncio.timeout(5):
            while len(rings) < 2:
                await asyncio.sleep(0.01)
        assert manager.ringing
        manager.dismiss()
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.wait([running])


@pytest.mark.parametrize("error", ERRORS, ids=repr)
async def test_a_tool_that_fails_is_a_result(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)

    async def run(arguments: Any, request: ReplyRequest) -> list[str]:
        raise error

    tool = Tool(name="strange", doc="It fails.", run=run)
    box = Toolbox([tool], EngineContext(), home=False)
    result = await box.call("strange", {}, ReplyRequest(text="do it"))
    assert "strange" in result.text
