"""What happens while a satellite runs is kept, written rarely, and never in its way."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from satellite import events
from satellite.diagnostics.stats import writer
from satellite.diagnostics.stats.database import path, read
from satellite.diagnostics.stats.writer import recorded_stats
from satellite.lib.bus import Bus
from satellite.settings import Settings, StatsSettings
from tests.diagnostics.stats.turns import answered


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "state"


async def keep(settings: Settings, *happened: events.Event) -> None:
    bus = Bus()
    async with recorded_stats(settings, bus):
        for event in happened:
            bus.publish(event)


async def test_it_is_there_when_the_program_has_ended(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await keep(Settings(name="den"), events.Wake(word="w", score=1), *answered(time=2e9))
    turns, happenings = read(path("den"))
    assert ([t.id for t in turns], [h.kind for h in happenings]) == (["t1"], ["wake"])
    assert turns[0].text is None
    (line,) = [
        r.getMessage() for r in caplog.records if r.name == "satellite.diagnostics.stats.writer"
    ]
    assert line.startswith("turn t1: answered 1.50 s after")
    assert "what time" not in caplog.text


async def test_texts_only_by_wish() -> None:
    await keep(Settings(stats=StatsSettings(texts=True)), *answered(time=2e9))
    assert read(path())[0][0].text == "what time is it"


async def test_nothing_is_kept_where_that_is_not_wished(folder: Path) -> None:
    await keep(Settings(stats=StatsSettings(enabled=False)), *answered())
    assert not folder.exists()


async def test_a_folder_that_cannot_be_written_is_told_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write_text("a file in its place")
    await keep(Settings(), *answered("t1"), *answered("t2"))
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert warnings[0].startswith("no statistics are kept: ")


async def test_what_is_no_turn_is_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LATER", 0.01)
    bus = Bus()
    async with recorded_stats(Settings(), bus):
        bus.publish(events.Wake(word="w", score=1, time=2e9))
        async with asyncio.timeout(5):
            while not read(path())[1]:
                await asyncio.sleep(0.005)
