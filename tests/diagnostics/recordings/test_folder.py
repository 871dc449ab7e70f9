"""The folder of recordings is bounded and private, and contains complete recordings only."""

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


def numbers(stored: RecordingFolder) -> list[int]:
    return [int(item.id.rpartition("n")[2]) for item in stored.recordings()]


def test_a_recording_is_read_again_and_private(tmp_path: Path) -> None:
    stored, item = folder(tmp_path / "new"), recording(1)
    stored.add(item, SOUND)
    assert stored.recordings() == [item]
    assert read_wav(stored.sound(item.id)) == (SPEECH, SOUND)
    assert stored.path.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in stored.path.iterdir()} == {0o600}
    assert sorted(file.suffix for file in stored.path.iterdir()) == [".json", ".wav"]
    stored.delete(item.id)
    stored.delete(item.id)
    assert list(stored.path.iterdir()) == []


def test_the_number_of_each_kind_is_limited(tmp_path: Path) -> None:
    stored = folder(tmp_path, count=2)
    stored.add(recording(0, ago=9), SOUND)
    for number in range(1, 5):  # many near misses push no turn out
        stored.add(recording(number, "near_miss", ago=9 - number), SOUND)
    assert numbers(stored) == [4, 3, 0]


def test_the_size_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MB", 40_000)
    stored = folder(tmp_path, megabytes=1)
    for number in range(4):
        stored.add(recording(number, ago=9 - number), SOUND)
    assert numbers(stored) == [3, 2]
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 40_000


def test_old_recordings_are_deleted(tmp_path: Path) -> None:
    stored = folder(tmp_path, days=2.0)
    stored.add(recording(1, ago=1.9 * DAY), SOUND)
    stored.add(recording(2, ago=2.1 * DAY), SOUND)
    assert numbers(stored) == [1]


def test_unfinished_recordings_are_deleted_and_other_files_are_not(tmp_path: Path) -> None:
    stored = folder(tmp_path)
    stored.path.mkdir(exist_ok=True)
    (tmp_path / f"{recording(7).id}.wav").write_bytes(b"half a reco")
    (tmp_path / "holiday.wav").write_bytes(b"mine")
    (tmp_path / "notes.json").write_text('{"mine": true}')
    stored.add(recording(1), SOUND)
    assert numbers(stored) == [1]
    names = {file.name for file in tmp_path.iterdir()}
    assert {"holiday.wav", "notes.json"} < names
    assert len(names) == 4


@given(st.binary(max_size=200))
def test_garbage_is_ignored(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("garbage")
    (path / "20260101-000000-turn-x.json").write_bytes(content)
    assert folder(path).recordings() == []


def test_a_description_that_names_another_file_is_ignored(tmp_path: Path) -> None:
    stored, item = folder(tmp_path), recording(1)
    stored.add(item, SOUND)
    (tmp_path / f"{item.id}.json").rename(tmp_path / "other.json")
    assert stored.recordings() == []
