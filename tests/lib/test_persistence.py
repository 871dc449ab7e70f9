"""What is kept over a restart comes back, whatever happened to its file."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
import pytest

from satellite.lib import persistence
from satellite.lib.persistence import StoredValue


class Egg(msgspec.Struct, frozen=True):
    minutes: float
    name: str | None = None


def test_a_value_comes_back_after_a_restart(tmp_path: Path) -> None:
    StoredValue("eggs", list[Egg], [], tmp_path / "deep").write([Egg(3.5, "breakfast")])
    assert StoredValue("eggs", list[Egg], [], tmp_path / "deep").read() == [Egg(3.5, "breakfast")]
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["eggs.json"]


def test_what_was_never_kept_is_the_default(tmp_path: Path) -> None:
    assert StoredValue("eggs", Egg, Egg(1), tmp_path).read() == Egg(1)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"minutes": "x"}', b"\xff", b" " * 2**20])
def test_a_broken_file_is_told_of_and_is_the_default(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "eggs.json").write_bytes(content + b"\n")
    with caplog.at_level(logging.WARNING):
        assert StoredValue("eggs", Egg, Egg(1), tmp_path).read() == Egg(1)
    assert "eggs.json" in caplog.text


def test_a_folder_that_cannot_be_written_harms_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    with caplog.at_level(logging.WARNING):
        StoredValue("eggs", Egg, Egg(1), tmp_path / "file").write(Egg(2))
    assert "cannot be kept" in caplog.text


def test_systemd_says_where_state_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}:/elsewhere")
    assert persistence.folder() == tmp_path
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert persistence.folder() == tmp_path / "satellite"
