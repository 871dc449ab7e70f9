"""The database is bounded, survives what may befall a file, and is for its owner alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from time import time

import pytest

from satellite.diagnostics.stats import database
from satellite.diagnostics.stats.collect import RecordedEvent, TurnRow
from satellite.diagnostics.stats.database import Database, path, read
from satellite.errors import UsageError

NOW = time()


def turn(number: int, at: float = NOW) -> TurnRow:
    return TurnRow(id=f"t{number}", at=at, outcome="answered", asr=number / 10)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "state" / "stats.sqlite"
    word = RecordedEvent(NOW, "wake", "okay_nabu", 0.9)
    with closing(Database(file)) as kept:
        kept.write([turn(1), word])
        kept.write([turn(2)])
        assert read(file) == ([turn(1), turn(2)], [word])
    with closing(Database(file)):
        assert len(read(file)[0]) == 2
    assert read(file, NOW + 1) == ([], [])
    assert file.stat().st_mode & 0o777 == 0o600
    assert read(tmp_path / "none") == ([], [])


def test_old_rows_and_too_many_rows_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "TURNS", 10)
    monkeypatch.setattr(database, "HAPPENINGS", 5)
    file = tmp_path / "stats.sqlite"
    with closing(Database(file, days=2)) as kept:
        kept.write(RecordedEvent(NOW - 3 * 86400, "wake", "old", 1) for _ in range(3))
        kept.write(turn(number) for number in range(500))
        kept.write(RecordedEvent(NOW, "error", str(number), 1) for number in range(500))
        turns, happenings = read(file)
    assert [row.id for row in turns] == [f"t{number}" for number in range(490, 500)]
    assert [row.what for row in happenings] == [str(number) for number in range(495, 500)]


def test_the_file_cannot_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BYTES", 64 * 1024)
    file = tmp_path / "stats.sqlite"
    long = TurnRow(id="t", at=NOW, text="x" * 10_000)
    with closing(Database(file)) as kept, pytest.raises(sqlite3.OperationalError, match="full"):
        kept.write([long] * 50)
    assert file.stat().st_size <= 64 * 1024


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + bytes(99)])
def test_a_damaged_file_is_put_aside(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "stats.sqlite"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read"):
        read(file)
    with closing(Database(file)) as kept:
        kept.write([turn(1)])
    assert read(file)[0] == [turn(1)]
    assert (tmp_path / "stats.sqlite.broken").read_bytes() == content


def test_a_database_of_a_later_version_is_put_aside_not_misread(tmp_path: Path) -> None:
    file = tmp_path / "stats.sqlite"
    with closing(sqlite3.connect(file)) as base:
        base.execute("pragma user_version = 99")
    with closing(Database(file)):
        assert read(file) == ([], [])
    assert (tmp_path / "stats.sqlite.broken").exists()


def test_it_is_read_while_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "stats.sqlite"
    with closing(Database(file)) as kept:
        for number in range(20):
            kept.write([turn(number)])
            assert len(read(file)[0]) == number + 1


def test_each_satellite_of_a_machine_has_a_file_of_its_own() -> None:
    assert len({path("den"), path("hall"), path("")}) == 3
    assert path("../../etc/x").parent == path("").parent
