"""The database of what has happened: bounded in rows, days and bytes. Blocking."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from time import time

import msgspec

from satellite.diagnostics.stats.collect import RecordedEvent, Row, TurnRow
from satellite.errors import UsageError
from satellite.lib import persistence

_LOGGER = logging.getLogger(__name__)

TURNS = 20_000
"""Turns kept at most: a hundred a day for half a year; some 100 bytes each."""

HAPPENINGS = 50_000
"""Everything else that is kept at most."""

BYTES = 32 * 1024 * 1024
"""Largest database: texts are longer than times."""

SERVICE = Path("/var/lib/satellite")
"""Where the service keeps its own (`StateDirectory` of its unit)."""

SHAPE = 1
"""Version of the tables below (`PRAGMA user_version`)."""

_PATIENCE = 5.0
"""Seconds that another program, `satellite stats` say, may keep the database locked."""

_OFTEN = 200
"""Rows written between two looks at the bounds."""

_TABLES = """
create table if not exists turn (
    id text, at real, outcome text, stage text, endpoint real, asr real, llm real, tts real,
    answer real, text text, reply text);
create index if not exists turn_at on turn (at);
create table if not exists happening (at real, kind text, what text, value real);
create index if not exists happening_at on happening (at);
"""


def path(name: str = "") -> Path:
    """The file of a satellite's database; each satellite of a machine has one of its own."""
    safe = re.sub(r"[^\w-]+", "_", name)[:64]
    return persistence.folder() / f"stats{'-' if safe else ''}{safe}.sqlite"


def found(name: str = "") -> Path:
    """The file to read: the user's where there is one, else that of the machine's service.

    Raises `UsageError` where only others may read it.
    """
    own = path(name)
    theirs = SERVICE / own.name
    try:
        return theirs if not own.exists() and theirs.exists() else own
    except PermissionError as error:
        raise UsageError(
            "there are no statistics of yours, and those of the service need: sudo satellite stats"
        ) from error


class Database:
    """A database that is written to."""

    def __init__(self, file: Path, days: int = 30) -> None:
        """Open or make it; one that is no database is put aside. Raises `OSError`,
        `sqlite3.Error`."""
        self._file = file
        self._days = days
        self._since = 0
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._base = self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked, or the disk is full
                raise
            aside = file.with_name(f"{file.name}.broken")
            _LOGGER.warning("%s is damaged (%s): begun anew, kept as %s", file, error, aside)
            file.replace(aside)
            self._base = self._open()
        self.prune()

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows, in one transaction. Raises `sqlite3.Error`."""
        with self._base:
            for row in rows:
                values = msgspec.structs.astuple(row)
                table = "turn" if isinstance(row, TurnRow) else "happening"
                self._base.execute(
                    f"insert into {table} values ({', '.join('?' * len(values))})", values
                )
                self._since += 1
        if self._since >= _OFTEN:
            self.prune()

    def prune(self, now: float | None = None) -> None:
        """Forget what is too old or too much. Raises `sqlite3.Error`."""
        self._since = 0
        oldest = (time() if now is None else now) - self._days * 86400
        with self._base:
            for table, most in (("turn", TURNS), ("happening", HAPPENINGS)):
                self._base.execute(f"delete from {table} where at < ?", (oldest,))
                self._base.execute(
                    f"delete from {table} where rowid <= (select max(rowid) from {table}) - ?",
                    (most,),
                )

    def close(self) -> None:
        """Close the file. Twice is once."""
        self._base.close()

    def _open(self) -> sqlite3.Connection:
        base = sqlite3.connect(self._file, timeout=_PATIENCE, check_same_thread=False)
        try:
            self._file.chmod(0o600)
            (page,) = base.execute("pragma page_size").fetchone()
            base.execute(f"pragma max_page_count = {BYTES // page}")
            (shape,) = base.execute("pragma user_version").fetchone()
            if shape not in (0, SHAPE):
                raise sqlite3.DatabaseError(f"it is of version {shape}, not {SHAPE}")
            base.executescript(_TABLES)
            base.execute(f"pragma user_version = {SHAPE}")
        except BaseException:
            base.close()
            raise
        return base


def read(file: Path, since: float = 0.0) -> tuple[list[TurnRow], list[RecordedEvent]]:
    """Everything since a moment (Unix seconds), oldest first. Raises `UsageError`."""
    if not file.exists():
        return [], []
    try:
        uri = f"{file.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as base:
            names = ", ".join(TurnRow.__struct_fields__)
            turns = base.execute(f"select {names} from turn where at >= ? order by at", (since,))
            fields = TurnRow.__struct_fields__
            found = [TurnRow(**dict(zip(fields, row, strict=True))) for row in turns]
            others = base.execute(
                "select at, kind, what, value from happening where at >= ? order by at", (since,)
            )
            return found, [RecordedEvent(*row) for row in others]
    except sqlite3.Error as error:
        raise UsageError(f"the statistics in {file} cannot be read: {error}") from error
