"""What belongs to a turn or a near miss is recorded; nothing is, unless the user has said so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from satellite import events
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

    def __init__(self, *happened: tuple[int, Event], bus: Bus) -> None:
        """`happened`: events, each after so many seconds."""
        self._happened = dict(happened)
        self._bus = bus

    async def frames(self) -> AsyncGenerator[bytes, None]:
        for second in range(max(self._happened) + 1):
            if second in self._happened:
                self._bus.publish(self._happened[second])
                for _ in range(5):
                    await asyncio.sleep(0)
            yield np.full(SPEECH.rate, second + 1, "<i2").tobytes()


def settings(path: Path, **values: Any) -> Settings:
    return Settings(recordings=RecordingSettings(folder=str(path), **values))


async def lived(made: Settings, *happened: tuple[int, Event]) -> RecordingFolder:
    """Let so much be heard and happen, recording as the settings say."""
    bus = Bus()
    async with asyncio.timeout(20), recorded(made, bus) as recorder:
        source = recorder.of(Sound(*happened, bus=bus))
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
    (16, events.Reply(text="Done.", final=True, engine="x", turn="t1")),
    (17, events.TurnEnd(outcome="answered", turn="t1")),
)


async def test_a_turn_is_recorded_from_before_its_wake_word_to_its_last(tmp_path: Path) -> None:
    folder = await lived(settings(tmp_path, turns=True), *STORY)
    (one,) = folder.recordings()
    assert seconds_in(folder, one.id) == [8, 9, 10, 11, 12, 13]
    assert one.seconds == BEFORE + 3
    assert (one.kind, one.word, one.score, one.outcome) == ("turn", "okay_nabu", 0.9, "answered")
    assert (one.transcript, one.reply) == ("turn on", "Done.")
    kinds = [event["event"] for event in one.events]
    assert kinds == ["wake", "speech_start", "speech_end", "transcript", "reply", "turn_end"]


async def test_a_turn_that_ends_early_and_one_without_a_wake_word_are_recorded(
    tmp_path: Path,
) -> None:
    folder = await lived(
        settings(tmp_path, turns=True),
        (1, events.SpeechStart(turn="t1")),
        (2, events.Wake(word="okay_nabu", score=0.8, turn="t2")),
        (3, events.TurnEnd(outcome="cancelled", turn="t1")),
        (4, events.TurnEnd(outcome="failed", stage="asr", error="x", turn="t2")),
    )
    first, second = sorted(folder.recordings(), key=lambda one: one.outcome or "")
    assert seconds_in(folder, first.id) == [1, 2, 3]
    assert seconds_in(folder, second.id) == [1, 2, 3, 4]
    assert (first.word, second.word) == (None, "okay_nabu")


async def test_a_near_miss_is_recorded_with_its_score(tmp_path: Path) -> None:
    made = settings(tmp_path, near_misses=True)
    miss = events.NearMiss(word="okay_nabu", score=0.4)
    folder = await lived(made, (10, miss), *((second + 1, event) for second, event in STORY))
    (one,) = folder.recordings()
    assert (one.kind, one.word, one.score, one.seconds) == ("near_miss", "okay_nabu", 0.4, NEAR)
    assert seconds_in(folder, one.id) == [6, 7, 8, 9, 10]


async def test_nothing_is_recorded_by_default(tmp_path: Path) -> None:
    path = tmp_path / "recordings"
    await lived(settings(path), *STORY, (18, events.NearMiss(word="x", score=0.4)))
    assert not path.exists()


async def test_it_is_told_at_the_start_and_where_nothing_can_be_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    misses = [(second, events.NearMiss(word="x", score=0.4)) for second in range(1, 4)]
    with caplog.at_level(logging.INFO, "satellite.diagnostics.recordings"):
        await lived(settings(tmp_path / "file" / "x", near_misses=True), *misses)
    start, failure = caplog.records
    assert "near misses are recorded in" in start.message
    assert failure.levelname == "WARNING"
    assert "a recording was not kept" in failure.message


async def test_turns_whose_end_was_lost_do_not_pile_up(tmp_path: Path) -> None:
    begun = [(second, events.SpeechStart(turn=f"t{second}")) for second in range(1, 30)]
    end = (30, events.TurnEnd(outcome="cancelled", turn="t29"))
    folder = await lived(settings(tmp_path, turns=True), *begun, end)
    assert [one.outcome for one in folder.recordings()] == ["cancelled"]
