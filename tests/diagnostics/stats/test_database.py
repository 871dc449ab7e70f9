"""The database is bounded, survives damage, and is readable by its owner only."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from time import time

import msgspec
import pytest

from satellite.diagnostics.stats import database
from satellite.diagnostics.stats.collector import CountedEvent, TurnRow
from satellite.diagnostics.stats.database import Database, file_of, read
from satellite.errors import UsageError

NOW = time()


def turn(number: int, at: float = NOW) -> TurnRow:
    return TurnRow(id=f"t{number}", at=at, outcome="answered", asr=number / 10)


def test_written_rows_are_read_again(tmp_path: Path) -> None:
    file = tmp_path / "state" / "stats.sqlite"
    word = CountedEvent(NOW, "wake", "okay_nabu", 0.9)
    with closing(Database(file)) as stats:
        stats.write([turn(1), word])
        stats.write([turn(2)])
        assert read(file) == ([turn(1), turn(2)], [word])
    with closing(Database(file)):
        assert len(read(file)[0]) == 2
    assert read(file, NOW + 1) == ([], [])
    assert file.stat().st_mode & 0o777 == 0o600
    assert read(tmp_path / "none") == ([], [])


def test_old_rows_and_too_many_rows_are_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "TURNS", 10)
    monkeypatch.setattr(database, "EVENTS", 5)
    file = tmp_path / "stats.sqlite"
    with closing(Database(file, days=2)) as stats:
        stats.write(CountedEvent(NOW - 3 * 86400, "wake", "old", 1) for _ in range(3))
        stats.write(turn(number) for number in range(500))
        stats.write(CountedEvent(NOW, "error", str(number), 1) for number in range(500))
        turns, counted = read(file)
    assert [row.id for row in turns] == [f"t{number}" for number in range(490, 500)]
    assert [row.what for row in counted] == [str(number) for number in range(495, 500)]


def test_the_size_of_the_file_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BYTES", 64 * 1024)
    file = tmp_path / "stats.sqlite"
    long = TurnRow(id="t", at=NOW, text="x" * 10_000)
    with closing(Database(file)) as stats, pytest.raises(sqlite3.OperationalError, match="full"):
        stats.write([long] * 50)
    assert file.stat().st_size <= 64 * 1024


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + bytes(99)])
def test_a_damaged_file_is_renamed(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "stats.sqlite"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read"):
        read(file)
    with closing(Database(file)) as stats:
        stats.write([turn(1)])
    assert read(file)[0] == [turn(1)]
    assert (tmp_path / "stats.sqlite.broken").read_bytes() == content


def test_a_database_of_a_later_version_is_renamed(tmp_path: Path) -> None:
    file = tmp_path / "stats.sqlite"
    with closing(sqlite3.connect(file)) as base:
        base.execute("pragma user_version = 99")
    with closing(Database(file)):
        assert read(file) == ([], [])
    assert (tmp_path / "stats.sqlite.broken").exists()


def test_a_database_of_the_first_shape_is_read_and_completed(tmp_path: Path) -> None:
    file = tmp_path / "stats.sqlite"
    with closing(Database(file)) as stats:
        stats.write([turn(1)])
    with closing(sqlite3.connect(file)) as base:
        base.execute("alter table turn drop column extent")
        base.execute("pragma user_version = 1")
    assert read(file)[0] == [turn(1)]
    second = msgspec.structs.replace(turn(2), extent="whole")
    with closing(Database(file)) as stats:
        stats.write([second])
    assert read(file)[0] == [turn(1), second]
    assert not (tmp_path / "stats.sqlite.broken").exists()


def test_it_can_be_read_during_writes(tmp_path: Path) -> None:
    file = tmp_path / "stats.sqlite"
    with closing(Database(file)) as stats:
        for number in range(20):
            stats.write([turn(number)])
            assert len(read(file)[0]) == number + 1


def test_each_satellite_of_a_machine_has_its_own_file() -> None:
    assert len({file_of("den"), file_of("hall"), file_of("")}) == 3
    assert file_of("../../etc/x").parent == file_of("").parent


def test_a_database_that_is_being_created_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "stats.sqlite"
    with closing(sqlite3.connect(file)):
        file.touch()
        assert read(file) == ([], [])
