"""Several programs change one file of settings, and none loses what another has written."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from satellite.config import edit, files
from satellite.config import load as config
from satellite.config.edit import SettingsFile
from satellite.errors import SatelliteError
from satellite.homeassistant.esphome.setting_entities import LiveSettings
from satellite.lib import file_lock
from satellite.lib.file_lock import FileBusy, locked
from satellite.settings import Settings

TIMES = 12
WRITER = """
import contextlib, sys
from pathlib import Path
from satellite.config import files, load as config
from satellite.config.edit import SettingsFile

path, table, times, locks = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
if locks == "no":
    files.changing = lambda file: contextlib.nullcontext()

def load(instead):
    return config.load(files=[instead.get(path, path)], environment={})

file = SettingsFile(path, load)
print("ready", flush=True)
sys.stdin.readline()
for number in range(times):
    file.save({f"assistants.{table}{number}.persona": "A butler."})
"""


def written(path: Path, *, locks: str) -> int:
    """Have two processes save settings of their own into one file; return how many are in it."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), table, str(TIMES), locks],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for table in ("a", "b")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    return len(tomllib.loads(path.read_text()).get("assistants", {}))


def test_two_programs_lose_nothing_of_each_other(tmp_path: Path) -> None:
    assert written(tmp_path / "satellite.toml", locks="yes") == 2 * TIMES


def test_without_the_lock_they_would(tmp_path: Path) -> None:
    """The test above can fail."""
    assert written(tmp_path / "satellite.toml", locks="no") < 2 * TIMES


@pytest.fixture
def file(tmp_path: Path) -> SettingsFile:
    path = tmp_path / "satellite.toml"
    path.write_text('name = "kitchen"\n')

    def load(instead: Mapping[Path, Path]) -> config.Configuration:
        return config.load(files=[instead.get(path, path)], environment={})

    return SettingsFile(path, load)


async def test_home_assistant_s_change_waits_in_a_thread_and_ends_with_a_clear_warning(
    file: SettingsFile, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(file_lock, "PATIENCE", 0.5)

    async def reload() -> None:
        pytest.fail("nothing was saved")

    live = LiveSettings(Settings, file.change, reload)
    with locked(file.path):
        started = time.monotonic()
        change = asyncio.create_task(live.change("listen.follow_up", "always"))
        longest = 0.0
        while not change.done():
            before = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - before)
        assert not await change
    assert time.monotonic() - started >= 0.5
    assert longest < 0.4, "the event loop waited for the lock"
    assert "is being changed by another program" in caplog.text
    assert file.path.read_text() == 'name = "kitchen"\n'


def test_values_that_change_nothing_need_no_lock(file: SettingsFile) -> None:
    with locked(file.path):
        assert file.save({"name": "kitchen"}) == edit.Saved((), None)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be another user")
def test_a_folder_that_cannot_be_written_is_reported_as_the_file_is() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        os.setresuid(65534, 65534, 0)
        try:
            with (
                pytest.raises(SatelliteError, match="cannot be written: Permission denied; choose"),
                files.changing(Path(folder) / "satellite.toml"),
            ):
                pytest.fail("it was locked")
        finally:
            os.setresuid(0, 0, 0)


def test_migration_waits_for_nothing_where_nothing_is_old(file: SettingsFile) -> None:
    with locked(file.path):
        files.migrate([file.path])


def test_the_error_of_a_file_that_stays_locked_says_what_to_do(
    file: SettingsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_lock, "PATIENCE", 0.05)
    with locked(file.path), pytest.raises(FileBusy, match="try again, or end that program"):
        file.save({"name": "den"})
