"""Configuration files of any age are taken as they were meant, and kept as they were."""

from __future__ import annotations

import logging
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.config import files, migration
from satellite.config import load as config
from satellite.config.migration import Moved, migrate
from satellite.errors import ConfigError

STEPS = (
    (Moved("pause", "listen.silence"), Moved("chatty", None)),
    (Moved("sound.loudness", "volume", lambda percent: percent / 100),),
)
"""What two later versions might change."""

OLD = """\
# my kitchen
name = "kitchen"   # by the window
pause = 1.5 # I speak slowly
chatty = true

[sound]
# not so loud
loudness = 40
"""


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "MIGRATIONS", STEPS)


def test_every_key_goes_where_it_is_now() -> None:
    content = tomllib.loads(OLD)
    told = migrate(content, STEPS)
    assert content == {"version": 3, "name": "kitchen", "listen": {"silence": 1.5}, "volume": 0.4}
    assert told == (
        "pause is listen.silence now",
        "chatty no longer exists and was left out",
        "sound.loudness is volume now",
    )
    assert migrate(content, STEPS) == ()


def test_a_file_of_the_version_between_makes_the_last_step_alone() -> None:
    content: dict[str, Any] = {"version": 2, "pause": 1, "sound": {"loudness": 50, "x": 1}}
    assert migrate(content, STEPS) == ("sound.loudness is volume now",)
    assert content == {"version": 3, "pause": 1, "sound": {"x": 1}, "volume": 0.5}


def test_a_key_of_now_is_not_overwritten() -> None:
    content: dict[str, Any] = {"pause": 1, "listen": {"silence": 2}}
    assert migrate(content, STEPS[:1]) == ("pause was left out, since listen.silence is set",)
    assert content["listen"] == {"silence": 2}


@given(
    st.recursive(
        st.integers() | st.text(max_size=3) | st.booleans(),
        lambda inner: st.dictionaries(st.sampled_from(["pause", "sound", "loudness", "x"]), inner),
    )
)
def test_whatever_stands_in_a_file_is_no_crash(value: Any) -> None:
    content = {"name": value, "sound": value, "listen": value}
    steps = (*STEPS[:1], (Moved("sound.loudness", "volume"),))
    try:
        migrate(content, steps)
    except ValueError:
        raise AssertionError("it says no wrong version") from None
    assert content["version"] == 3


@pytest.mark.usefixtures("later")
def test_reading_a_file_needs_no_permission_to_write_it(tmp_path: Path) -> None:
    file = tmp_path / "satellite.toml"
    file.write_text(OLD)
    settings = config.load(file=file, environment={}).settings
    assert (settings.listen.silence, settings.volume, settings.name) == (1.5, 0.4, "kitchen")
    assert file.read_text() == OLD


@pytest.mark.usefixtures("later")
def test_the_file_is_renewed_with_its_comments_and_a_copy_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    file = tmp_path / "satellite.toml"
    file.write_text(OLD)
    file.chmod(0o600)
    before = config.load(file=file, environment={}).settings
    files.migrate([file])
    assert (tmp_path / "satellite.toml.version-1").read_text() == OLD
    text = file.read_text()
    assert "# my kitchen" in text
    assert 'name = "kitchen"   # by the window' in text
    assert tomllib.loads(text)["version"] == 3
    assert config.load(file=file, environment={}).settings == before
    assert file.stat().st_mode & 0o777 == 0o600
    assert "pause is listen.silence now" in caplog.text
    files.migrate([file])
    assert file.read_text() == text
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {file.name, f"{file.name}.version-1", f".{file.name}.lock"}


@pytest.mark.usefixtures("later")
def test_a_file_that_cannot_be_written_is_read_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    file = tmp_path / "satellite.toml"
    file.write_text(OLD)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    files.migrate([file])
    assert "was migrated in memory" in caplog.text
    assert file.read_text() == OLD


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("version = 2", "it is of version 2, and this satellite knows 1: update it"),
        ('version = "1"', 'version = "1": expected a whole number, 1 or more'),
        ("version = 0", "version = 0: expected a whole number, 1 or more"),
    ],
)
def test_a_wrong_version_is_the_only_report(tmp_path: Path, line: str, complaint: str) -> None:
    file = tmp_path / "satellite.toml"
    file.write_text(f"{line}\nfrobnicate = 1\n")
    with pytest.raises(ConfigError) as caught:
        config.load(file=file, environment={})
    assert caught.value.problems == (f"file {file}: {complaint}",)


def test_a_file_of_today_may_say_so(tmp_path: Path) -> None:
    file = tmp_path / "satellite.toml"
    file.write_text("version = 1\nvolume = 0.5\n")
    assert config.load(file=file, environment={}).settings.volume == 0.5
    files.migrate([file])
    assert [path.name for path in tmp_path.iterdir()] == ["satellite.toml"]
