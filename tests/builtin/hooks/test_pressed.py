"""A button of a running satellite: starts a turn without a wake word, and mutes."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from satellite import app, events
from satellite.builtin.hooks import button
from satellite.lib.bus import Bus
from satellite.settings import DuckingSettings, HomeAssistantSettings, HttpSettings, Settings
from tests.builtin.hooks.test_button import Pipe
from tests.support.speech import silence, write_wav

LISTENED = 60.0
"""Seconds of sound that the microphone gives, longer than the test takes."""


async def test_a_press_begins_a_turn_and_holding_mutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Pipe()
    monkeypatch.setattr(button, "_GpioButton", lambda options: line)
    settings = Settings(
        mic=f"wav:{write_wav(tmp_path / 'room.wav', silence(LISTENED))}",
        speaker=f"wav:{tmp_path / 'spoken.wav'}",
        zeroconf=False,
        hooks=("button:17?long=0.2",),
        homeassistant=HomeAssistantSettings(listen=""),
        http=HttpSettings(port=0),
        ducking=DuckingSettings(enabled=False),
    )
    bus = Bus()

    async def use() -> None:
        async with bus.subscribe("test") as happening:
            async for event in happening:
                if isinstance(event, events.Ready):
                    line.send("10")
                elif isinstance(event, events.Phase) and event.phase == "listening":
                    line.send("1")
                elif isinstance(event, events.Mute):
                    assert event.muted
                    return

    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        using = tasks.create_task(use())
        running = tasks.create_task(app.run(settings, bus))
        await using
        running.cancel()
    os.close(line.far_end)
    assert line.closed == 1
