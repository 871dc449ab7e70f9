"""Rings, tools and announcements that raise anything end neither the satellite nor a turn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from satellite.net.incoming_speech import IncomingSpeech
from satellite.ports import EngineContext
from satellite.timers import TimerManager
from satellite.timers import bell as bells
from satellite.timers.ringing import Ring
from satellite.tools import Tool
from satellite.values import AudioChunk, ReplyRequest
from servers.llm.chat.toolbox import Toolbox
from tests.support.ring_words import english_rings
from tests.support.scripted_home_assistant import connected_home_assistant
from tests.support.scripted_satellite import ScriptedSatellite

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


@pytest.mark.contained_failures
@pytest.mark.parametrize("error", [*ERRORS, asyncio.CancelledError()], ids=repr)
async def test_an_announcement_of_home_assistant_that_fails_ends_alone(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)

    async def strange(speech: IncomingSpeech, patience: float) -> AsyncIterator[AudioChunk]:
        monkeypatch.undo()
        raise error
        yield

    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        monkeypatch.setattr(IncomingSpeech, "chunks", strange)
        await home.speak(1.0)
        await home.expect("played")
        chime = len(satellite.speaker.heard)
        assert chime < 32000, "bytes of less than a second"
        await home.speak(1.0)
        await home.expect("played")
        assert len(satellite.speaker.heard) > chime + 32000, "the next one is heard"
