"""The folder of recordings is bounded, private, and holds whole recordings only."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.audio.wavfile import read_wav
from satellite.diagnostics.recordings import folder as folders
from satellite.diagnostics.recordings.folder import DAY, Kind, Recording, RecordingFolder, name_of
from satellite.settings import RecordingSettings
from satellite.values import SPEECH
from tests.support.sound import tone

SOUND = tone(440, 0.5)


def folder(path: Path, **values: Any) -> RecordingFolder:
    return RecordingFolder(RecordingSettings(folder=str(path), **values))


def recording(number: int, kind: Kind = "turn", ago: float = 0.0) -> Recording:
    when = time.time() - ago
    return Recording(
        id=name_of(kind, when, f"n{number}"), kind=kind, time=when, seconds=0.5, transcript="hello"
    )


def numbers(kept: RecordingFolder) -> list[int]:
    return [int(one.id.rpartition("n")[2]) for one in kept.recordings()]


def test_what_was_written_is_read_and_nobody_else_may(tmp_path: Path) -> None:
    kept, one = folder(tmp_path / "new"), recording(1)
    kept.add(one, SOUND)
    assert kept.recordings() == [one]
    assert read_wav(kept.sound(one.id)) == (SPEECH, SOUND)
    assert kept.path.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in kept.path.iterdir()} == {0o600}
    assert sorted(file.suffix for file in kept.path.iterdir()) == [".json", ".wav"]
    kept.delete(one.id)
    kept.delete(one.id)
    assert list(kept.path.iterdir()) == []


def test_it_keeps_so_many_of_each_kind(tmp_path: Path) -> None:
    kept = folder(tmp_path, count=2)
    kept.add(recording(0, ago=9), SOUND)
    for number in range(1, 5):  # many near misses push no turn out
        kept.add(recording(number, "near_miss", ago=9 - number), SOUND)
    assert numbers(kept) == [4, 3, 0]


def test_it_keeps_so_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MB", 40_000)
    kept = folder(tmp_path, megabytes=1)
    for number in range(4):
        kept.add(recording(number, ago=9 - number), SOUND)
    assert numbers(kept) == [3, 2]
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 40_000


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    kept = folder(tmp_path, days=2.0)
    kept.add(recording(1, ago=1.9 * DAY), SOUND)
    kept.add(recording(2, ago=2.1 * DAY), SOUND)
    assert numbers(kept) == [1]


def test_what_a_power_cut_left_is_swept_away_and_strangers_files_are_not(tmp_path: Path) -> None:
    kept = folder(tmp_path)
    kept.path.mkdir(exist_ok=True)
    (tmp_path / f"{recording(7).id}.wav").write_bytes(b"half a reco")
    (tmp_path / "holiday.wav").write_bytes(b"mine")
    (tmp_path / "notes.json").write_text('{"mine": true}')
    kept.add(recording(1), SOUND)
    assert numbers(kept) == [1]
    names = {file.name for file in tmp_path.iterdir()}
    assert {"holiday.wav", "notes.json"} < names
    assert len(names) == 4


@given(st.binary(max_size=200))
def test_garbage_is_no_recording(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("garbage")
    (path / "20260101-000000-turn-x.json").write_bytes(content)
    assert folder(path).recordings() == []


def test_a_description_that_names_another_file_is_not_believed(tmp_path: Path) -> None:
    kept, one = folder(tmp_path), recording(1)
    kept.add(one, SOUND)
    (tmp_path / f"{one.id}.json").rename(tmp_path / "other.json")
    assert kept.recordings() == []
