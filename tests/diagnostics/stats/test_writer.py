"""Statistics are written while a satellite runs, rarely, and without disturbing it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from satellite import events
from satellite.diagnostics.stats import writer
from satellite.diagnostics.stats.database import file_of, read
from satellite.diagnostics.stats.writer import written_stats
from satellite.lib.bus import Bus
from satellite.settings import Settings, StatsSettings
from tests.diagnostics.stats.turns import answered


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "state"


async def publish(settings: Settings, *published: events.Event) -> None:
    bus = Bus()
    async with written_stats(settings, bus):
        for event in published:
            bus.publish(event)


async def test_everything_is_written_when_the_program_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    await publish(Settings(name="den"), events.Wake(word="w", score=1), *answered(time=2e9))
    turns, counted = read(file_of("den"))
    assert ([t.id for t in turns], [h.kind for h in counted]) == (["t1"], ["wake"])
    assert turns[0].text is None
    (line,) = [
        r.getMessage() for r in caplog.records if r.name == "satellite.diagnostics.stats.writer"
    ]
    assert line.startswith("turn t1: answered 1.50 s after")
    assert "what time" not in caplog.text


async def test_texts_are_written_only_if_that_is_set() -> None:
    await publish(Settings(stats=StatsSettings(texts=True)), *answered(time=2e9))
    assert read(file_of())[0][0].text == "what time is it"


async def test_nothing_is_written_if_that_is_switched_off(folder: Path) -> None:
    await publish(Settings(stats=StatsSettings(enabled=False)), *answered())
    assert not folder.exists()


async def test_a_folder_that_cannot_be_written_is_reported_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write_text("a file in its place")
    await publish(Settings(), *answered("t1"), *answered("t2"))
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert warnings[0].startswith("cannot write statistics to ")


async def test_events_outside_turns_are_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LATER", 0.01)
    bus = Bus()
    async with written_stats(Settings(), bus):
        bus.publish(events.Wake(word="w", score=1, time=2e9))
        async with asyncio.timeout(5):
            while not read(file_of())[1]:
                await asyncio.sleep(0.005)
