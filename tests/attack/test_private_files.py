"""Files that hold what was said, and links that another user planted."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from satellite.diagnostics.recordings.folder import Recording, RecordingFolder
from satellite.lib.eventlog import Sink
from satellite.settings import RecordingSettings
from servers.models import Store
from servers.models.model_folder import discard
from tests.servers.models.conftest import FAST, VOICE
from tests.support import model_files
from tests.support.hub import hub_running


@pytest.fixture(autouse=True)
def ordinary_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def record(folder: Path) -> None:
    settings = RecordingSettings(turns=True, folder=str(folder))
    recording = Recording(id="20260101-000000-turn-1", kind="turn", time=time.time(), seconds=0.1)
    RecordingFolder(settings).add(recording, bytes(3200))


@pytest.mark.parametrize(("before", "after"), [(None, 0o600), (0o644, 0o600), (0o640, 0o640)])
def test_the_event_log_is_private(tmp_path: Path, before: int | None, after: int) -> None:
    """One that an earlier version made is closed; a mode that the user chose stays."""
    file = tmp_path / "events.jsonl"
    if before is not None:
        file.touch()
        file.chmod(before)
    Sink(str(file)).close()
    assert mode(file) == after


def test_an_event_log_in_a_pipe_or_device_keeps_its_mode(tmp_path: Path) -> None:
    before = mode(Path("/dev/null"))
    Sink("/dev/null").close()
    assert mode(Path("/dev/null")) == before


def test_an_existing_folder_of_recordings_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir(mode=0o755)
    (folder / "old.wav").touch()
    record(folder)
    assert mode(folder) == 0o700


def test_a_folder_with_other_uses_is_left_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "music"
    folder.mkdir(mode=0o755)
    (folder / "song.mp3").touch()
    record(folder)
    assert mode(folder) == 0o755
    assert f"chmod 700 {folder}" in caplog.text


def test_the_target_of_a_planted_link_is_left_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    victim = tmp_path / "victim"
    victim.mkdir(mode=0o755)
    (tmp_path / "link").symlink_to(victim)
    record(tmp_path / "link")
    assert mode(victim) == 0o755
    assert "chmod 700" in caplog.text


@pytest.mark.parametrize("planted", ["staging", "file"])
def test_a_link_in_place_of_an_unfinished_model_is_not_followed(
    tmp_path: Path, planted: str
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "keep").write_text("precious")
    store = tmp_path / "models" / "piper"
    staging = store / f".{VOICE}.part"
    if planted == "staging":
        store.mkdir(parents=True)
        staging.symlink_to(victim)
    else:
        staging.mkdir(parents=True)
        (staging / f"{VOICE}.onnx").symlink_to(victim / "keep")
    with hub_running() as hub:
        hub.add_voice(VOICE, model_files.voice(VOICE))
        pulled = Store(tmp_path / "models", endpoint=hub.endpoint, retry=FAST)
        folder = pulled.pull(f"piper:{VOICE}")
    assert sorted(path.name for path in victim.iterdir()) == ["keep"]
    assert (victim / "keep").read_text() == "precious"
    assert not folder.is_symlink()
    assert not any(path.is_symlink() for path in folder.iterdir())


def test_discarding_a_link_deletes_nothing_else(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "keep").touch()
    for name in ("model", ".model.gone"):
        (tmp_path / name).symlink_to(victim)
        discard(tmp_path / "model")
        assert (victim / "keep").exists()
        assert not (tmp_path / name).is_symlink()
