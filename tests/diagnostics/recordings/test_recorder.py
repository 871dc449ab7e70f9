"""Turns and near misses are recorded if the user has switched that on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from satellite import events
from satellite.audio.tap import Fanout
from satellite.audio.wavfile import read_wav
from satellite.diagnostics.recordings.folder import RecordingFolder
from satellite.diagnostics.recordings.recorder import BEFORE, NEAR, recorded
from satellite.events import Event
from satellite.lib.bus import Bus
from satellite.settings import RecordingSettings, Settings
from satellite.values import SPEECH


class Sound:
    """A source in which every second has its number as samples."""

    finished = False

    def __init__(self, *published: tuple[int, Event], bus: Bus) -> None:
        """Publish each event after its number of seconds."""
        self._published = dict(published)
        self._bus = bus

    async def frames(self) -> AsyncGenerator[bytes, None]:
        for second in range(max(self._published) + 1):
            if second in self._published:
                self._bus.publish(self._published[second])
                for _ in range(5):
                    await asyncio.sleep(0)
            yield np.full(SPEECH.rate, second + 1, "<i2").tobytes()


def settings(path: Path, **values: Any) -> Settings:
    return Settings(recordings=RecordingSettings(folder=str(path), **values))


async def record(made: Settings, *published: tuple[int, Event]) -> RecordingFolder:
    """Play the events with sound, and return the recordings."""
    bus = Bus()
    async with asyncio.timeout(20), recorded(made, bus) as recorder:
        source = Fanout(Sound(*published, bus=bus), recorder.hear)
        async for _ in source.frames():
            pass
    return RecordingFolder(made.recordings)


def seconds_in(folder: RecordingFolder, name: str) -> list[int]:
    _, audio = read_wav(folder.sound(name))
    return [int(value) for value in np.unique(np.frombuffer(audio, "<i2"))]


STORY: tuple[tuple[int, Event], ...] = (
    (10, events.Wake(word="okay_nabu", score=0.9, turn="t1")),
    (11, events.SpeechStart(turn="t1")),
    (13, events.SpeechEnd(decided=0, decided_mono=0, turn="t1")),
    (14, events.Transcript(text="turn", final=False, engine="x", turn="t1")),
    (15, events.Transcript(text="turn on", final=True, engine="x", turn="t1")),
    (16, events.Reply(text="Ditem.", final=True, engine="x", turn="t1")),
    (17, events.TurnEnd(outcome="answered", turn="t1")),
)


async def test_a_turn_is_recorded_from_before_its_wake_word_to_its_end(tmp_path: Path) -> None:
    folder = await record(settings(tmp_path, turns=True), *STORY)
    (item,) = folder.recordings()
    assert seconds_in(folder, item.id) == [8, 9, 10, 11, 12, 13]
    assert item.seconds == BEFORE + 3
    assert (item.kind, item.word, item.score, item.outcome) == (
        "turn",
        "okay_nabu",
        0.9,
        "answered",
    )
    assert (item.transcript, item.reply) == ("turn on", "Ditem.")
    kinds = [event["event"] for event in item.events]
    assert kinds == ["wake", "speech_start", "speech_end", "transcript", "reply", "turn_end"]


async def test_a_turn_that_ends_early_and_one_without_a_wake_word_are_recorded(
    tmp_path: Path,
) -> None:
    folder = await record(
        settings(tmp_path, turns=True),
        (1, events.SpeechStart(turn="t1")),
        (2, events.Wake(word="okay_nabu", score=0.8, turn="t2")),
        (3, events.TurnEnd(outcome="cancelled", turn="t1")),
        (4, events.TurnEnd(outcome="failed", stage="asr", error="x", turn="t2")),
    )
    first, second = sorted(folder.recordings(), key=lambda item: item.outcome or "")
    assert seconds_in(folder, first.id) == [1, 2, 3]
    assert seconds_in(folder, second.id) == [1, 2, 3, 4]
    assert (first.word, second.word) == (None, "okay_nabu")


async def test_a_near_miss_is_recorded_with_its_score(tmp_path: Path) -> None:
    made = settings(tmp_path, near_misses=True)
    miss = events.NearMiss(word="okay_nabu", score=0.4)
    folder = await record(made, (10, miss), *((second + 1, event) for second, event in STORY))
    (item,) = folder.recordings()
    assert (item.kind, item.word, item.score, item.seconds) == ("near_miss", "okay_nabu", 0.4, NEAR)
    assert seconds_in(folder, item.id) == [6, 7, 8, 9, 10]


async def test_nothing_is_recorded_by_default(tmp_path: Path) -> None:
    path = tmp_path / "recordings"
    await record(settings(path), *STORY, (18, events.NearMiss(word="x", score=0.4)))
    assert not path.exists()


async def test_recording_is_logged_and_a_failure_to_write_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    misses = [(second, events.NearMiss(word="x", score=0.4)) for second in range(1, 4)]
    with caplog.at_level(logging.INFO, "satellite.diagnostics.recordings"):
        await record(settings(tmp_path / "file" / "x", near_misses=True), *misses)
    start, failure = caplog.records
    assert "near misses are recorded in" in start.message
    assert failure.levelname == "WARNING"
    assert "a recording was lost" in failure.message


async def test_turns_without_an_end_are_forgotten(tmp_path: Path) -> None:
    begun = [(second, events.SpeechStart(turn=f"t{second}")) for second in range(1, 30)]
    end = (30, events.TurnEnd(outcome="cancelled", turn="t29"))
    folder = await record(settings(tmp_path, turns=True), *begun, end)
    assert [item.outcome for item in folder.recordings()] == ["cancelled"]
