"""Stored values survive a restart and a damaged file; files are replaced atomically."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
import pytest

from satellite.lib import paths
from satellite.lib.persistence import StoredValue, atomic_write


class Egg(msgspec.Struct, frozen=True):
    minutes: float
    name: str | None = None


def test_a_value_comes_back_after_a_restart(tmp_path: Path) -> None:
    StoredValue("eggs", list[Egg], [], tmp_path / "deep").write([Egg(3.5, "breakfast")])
    assert StoredValue("eggs", list[Egg], [], tmp_path / "deep").read() == [Egg(3.5, "breakfast")]
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["eggs.json"]


def test_a_missing_value_is_the_default(tmp_path: Path) -> None:
    assert StoredValue("eggs", Egg, Egg(1), tmp_path).read() == Egg(1)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"minutes": "x"}', b"\xff", b" " * 2**20])
def test_a_damaged_file_is_logged_and_the_default_is_used(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "eggs.json").write_bytes(content + b"\n")
    with caplog.at_level(logging.WARNING):
        assert StoredValue("eggs", Egg, Egg(1), tmp_path).read() == Egg(1)
    assert "eggs.json" in caplog.text


def test_a_folder_that_cannot_be_written_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    with caplog.at_level(logging.WARNING):
        StoredValue("eggs", Egg, Egg(1), tmp_path / "file").write(Egg(2))
    assert "cannot be stored" in caplog.text


def test_state_is_in_the_folder_that_systemd_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}:/elsewhere")
    assert paths.state_folder() == tmp_path
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert paths.state_folder() == tmp_path / "satellite"


def test_each_satellite_has_its_own_value(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    for name in ("the kitchen/../x", "", "n" * 200):
        StoredValue.for_satellite("eggs", name, Egg, Egg(1)).write(Egg(2, name))
        assert StoredValue.for_satellite("eggs", name, Egg, Egg(1)).read() == Egg(2, name)
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"eggs.json", "eggs-the_kitchen_x.json", f"eggs-{'n' * 64}.json"}


def test_recordings_follow_systemd_and_keys_and_models_do_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert paths.recordings_folder() == tmp_path / "data" / "satellite" / "recordings"
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    assert paths.recordings_folder() == tmp_path / "state" / "recordings"
    assert paths.data_folder() == tmp_path / "data" / "satellite"


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_is_written_whole_with_its_mode(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "deep" / "file"
    atomic_write(file, b"first", mode)
    atomic_write(file, b"second", mode)
    assert file.read_bytes() == b"second"
    assert file.stat().st_mode & 0o777 == mode
    assert list(file.parent.iterdir()) == [file]


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "file"
    atomic_write(file, b"first")

    def fail(part: Path) -> None:
        assert part.read_bytes() == b"second"
        raise OSError("no owner")

    with pytest.raises(OSError, match="no owner"):
        atomic_write(file, b"second", prepare=fail)
    assert file.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [file]


def test_a_symbolic_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"theirs")
    link.symlink_to(target)
    atomic_write(link, b"ours")
    assert target.read_bytes() == b"theirs"
    assert link.read_bytes() == b"ours"
