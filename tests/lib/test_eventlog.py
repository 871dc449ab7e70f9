"""The event log: whole, in order, and harmless to whoever writes to it."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from time import monotonic

import pytest

from satellite import events
from satellite.errors import UsageError
from satellite.lib import eventlog
from satellite.lib.bus import Bus


async def test_every_event_is_a_line_and_the_log_is_whole_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("from an earlier run\n")
    bus = Bus()
    async with eventlog.recorded(bus, str(file)):
        for number in range(500):
            bus.publish(events.Wake(word=f"w{number}", score=0.5, turn="t"))
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["word"] for line in lines] == [f"w{number}" for number in range(500)]
    assert set(lines[0]) == {"event", "time", "mono", "turn", "word", "score"}
    assert lines[0]["event"] == "wake"


async def test_a_line_is_there_as_soon_as_it_is_written(tmp_path: Path) -> None:
    file, bus = tmp_path / "events.jsonl", Bus()
    async with eventlog.recorded(bus, str(file)), asyncio.timeout(5):
        bus.publish(events.Mute(muted=True))
        while not file.read_text().endswith("\n"):
            await asyncio.sleep(0.001)


async def test_the_log_is_whole_when_the_run_is_cancelled_or_fails(tmp_path: Path) -> None:
    file, bus = tmp_path / "events.jsonl", Bus()

    async def run() -> None:
        async with eventlog.recorded(bus, str(file)):
            try:
                await asyncio.Event().wait()
            finally:
                bus.publish(events.Mute(muted=True))

    task = asyncio.create_task(run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert json.loads(file.read_text())["event"] == "mute"

    async def fail() -> None:
        async with eventlog.recorded(bus, str(file)):
            bus.publish(events.Mute(muted=False))
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as caught:
        await fail()
    assert caught.group_contains(ZeroDivisionError)
    assert json.loads(file.read_text())["muted"] is False


@pytest.mark.parametrize("target", ["missing/events.jsonl", "."])
async def test_what_cannot_be_written_is_one_clear_line(tmp_path: Path, target: str) -> None:
    with pytest.raises(UsageError, match=r"^cannot write events to .*: \w[\w ]+$"):
        async with eventlog.recorded(Bus(), str(tmp_path / target)):
            pass


async def test_a_named_pipe_without_a_reader_is_one_clear_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="no program reads from it"):
        async with eventlog.recorded(Bus(), str(tmp_path / "pipe")):
            pass


async def test_a_reader_that_goes_away_stops_the_log_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    bus = Bus()
    async with eventlog.recorded(bus, str(tmp_path / "pipe")), asyncio.timeout(5):
        bus.publish(events.Mute(muted=True))
        while True:
            try:
                assert json.loads(os.read(reader, 4096))["muted"]
                break
            except BlockingIOError:
                await asyncio.sleep(0.001)
        os.close(reader)
        while not caplog.records:
            bus.publish(events.Mute(muted=False))
            await asyncio.sleep(0.001)
        for _ in range(20_000):  # more than the bus keeps for a subscriber
            bus.publish(events.Mute(muted=False))
            await asyncio.sleep(0)
    assert [record.getMessage() for record in caplog.records] == [
        f"event log {tmp_path / 'pipe'}: Broken pipe; no more events are written"
    ]


async def test_a_stalled_reader_holds_nothing_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    bus, began = Bus(), monotonic()
    async with eventlog.recorded(bus, str(tmp_path / "pipe")):
        for _ in range(1000):
            bus.publish(events.Announce(text="x" * 200))
    os.close(reader)
    assert monotonic() - began < eventlog.DRAIN + 1
    assert "the last events are missing" in caplog.text
