"""The database of turns and other events: limited in rows, days and bytes. Blocking."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import time
from typing import Any, TypeVar

import msgspec

from satellite.diagnostics.stats.collector import CountedEvent, Row, TurnRow
from satellite.errors import UsageError
from satellite.lib import paths

T = TypeVar("T")

_LOGGER = logging.getLogger(__name__)

TURNS = 20_000
"""Turns at most: a hundred a day for half a year; some 100 bytes each."""

EVENTS = 50_000
"""Events outside turns at most."""

BYTES = 32 * 1024 * 1024
"""Largest database: texts are longer than times."""

SERVICE = Path("/var/lib/satellite")
"""Folder of the service's database (`StateDirectory` of its unit)."""

SHAPE = 2
"""Version of the tables below (`PRAGMA user_version`)."""

_PATIENCE = 5.0
"""Seconds to wait while another program, such as `satellite stats`, locks the database."""

_FIRST = 1
"""The shape without `turn.extent`."""

_OFTEN = 200
"""Rows written between two prunings."""

_TABLES = """
create table if not exists turn (
    id text, at real, outcome text, stage text, endpoint real, asr real, llm real, tts real,
    answer real, text text, reply text, extent text);
create index if not exists turn_at on turn (at);
create table if not exists happening (at real, kind text, what text, value real);
create index if not exists happening_at on happening (at);
"""


def file_of(name: str = "") -> Path:
    """Return the database of a satellite; each satellite of a machine has its own."""
    return paths.state_folder() / f"{paths.named_after('stats', name)}.sqlite"


def find_file(name: str = "") -> Path:
    """Return the database to read: the user's if it exists, otherwise that of the service.

    Raises `UsageError` if this user may not read it.
    """
    own = file_of(name)
    theirs = SERVICE / own.name
    try:
        return theirs if not own.exists() and theirs.exists() else own
    except PermissionError as error:
        raise UsageError(
            "this user has no statistics; for those of the service: sudo satellite stats"
        ) from error


class Database:
    """A database to write to."""

    def __init__(self, file: Path, days: int = 30) -> None:
        """Open or create it; a damaged file is renamed. Raises `OSError`, `sqlite3.Error`."""
        self._file = file
        self._days = days
        self._since = 0
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = self._open_usable()
        except sqlite3.DatabaseError as error:
            # locked, the disk is full, and the like; SQLITE_ERROR is of what the file contains
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
            if isinstance(error, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR:
                raise
            aside = file.with_name(f"{file.name}.broken")
            _LOGGER.warning(
                "%s is damaged (%s): starting a new one; the old file is %s", file, error, aside
            )
            file.replace(aside)
            self._connection = self._open_usable()

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows, in one transaction. Raises `sqlite3.Error`."""
        with _readable_errors(), self._connection:
            for row in rows:
                values = msgspec.structs.astuple(row)
                table = "turn" if isinstance(row, TurnRow) else "happening"
                self._connection.execute(
                    f"insert into {table} values ({', '.join('?' * len(values))})", values
                )
                self._since += 1
        if self._since >= _OFTEN:
            self.prune()

    def prune(self, now: float | None = None) -> None:
        """Delete rows that are too old or too many. Raises `sqlite3.Error`."""
        self._since = 0
        self._prune(self._connection, time() if now is None else now)

    def _prune(self, connection: sqlite3.Connection, now: float) -> None:
        oldest = now - self._days * 86400
        with _readable_errors(), connection:
            for table, most in (("turn", TURNS), ("happening", EVENTS)):
                connection.execute(f"delete from {table} where at < ?", (oldest,))
                connection.execute(
                    f"delete from {table} where rowid <= (select max(rowid) from {table}) - ?",
                    (most,),
                )

    def close(self) -> None:
        """Close the file. Idempotent."""
        self._connection.close()

    def _open_usable(self) -> sqlite3.Connection:
        """Open the file and delete old rows, which shows damage of the tables, too."""
        connection = self._open()
        try:
            self._prune(connection, time())
        except BaseException:
            connection.close()
            raise
        return connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, timeout=_PATIENCE, check_same_thread=False)
        try:
            self._file.chmod(0o600)
            with _readable_errors():
                self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    @staticmethod
    def _prepare(connection: sqlite3.Connection) -> None:
        """Limit the file, and create the tables that are missing. Raises `sqlite3.Error`."""
        (page,) = connection.execute("pragma page_size").fetchone()
        connection.execute(f"pragma max_page_count = {BYTES // page}")
        (shape,) = connection.execute("pragma user_version").fetchone()
        if shape not in (0, _FIRST, SHAPE):
            raise sqlite3.DatabaseError(f"it is of version {shape}, not {SHAPE}")
        added = "alter table turn add column extent text;" if shape == _FIRST else ""
        # in one transaction, so that a reader sees all tables or none
        connection.executescript(f"begin; {_TABLES} {added} pragma user_version = {SHAPE}; commit;")


@contextmanager
def _readable_errors() -> Iterator[None]:
    """Raise `sqlite3.DatabaseError` for an error whose message `sqlite3` cannot decode: it contains
    parts of a damaged file."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise sqlite3.DatabaseError("it contains bytes that are no text") from error


def _valid(kind: type[T], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[T]:
    """Return the rows of a table, less those of other types: any column of SQLite takes any."""
    found = []
    for row in rows:
        try:
            found.append(msgspec.convert(dict(zip(fields, row, strict=True)), kind))
        except msgspec.ValidationError as error:
            _LOGGER.debug("ignoring a row of the statistics: %s", error)
    return found


def read(file: Path, since: float = 0.0) -> tuple[list[TurnRow], list[CountedEvent]]:
    """Return the rows since a time (Unix seconds), oldest first. Raises `UsageError`."""
    if not file.exists():
        return [], []
    try:
        uri = f"{file.absolute().as_uri()}?mode=ro"
        with (
            _readable_errors(),
            closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as connection,
        ):
            (shape,) = connection.execute("pragma user_version").fetchone()
            if shape == 0:
                return [], []  # it is being created
            fields = TurnRow.__struct_fields__
            if shape == _FIRST:
                fields = tuple(name for name in fields if name != "extent")
            turns = connection.execute(
                f"select {', '.join(fields)} from turn where at >= ? order by at", (since,)
            )
            rows = _valid(TurnRow, fields, turns)
            others = connection.execute(
                "select at, kind, what, value from happening where at >= ? order by at", (since,)
            )
            return rows, _valid(CountedEvent, CountedEvent.__struct_fields__, others)
    except sqlite3.Error as error:
        raise UsageError(f"the statistics in {file} cannot be read: {error}") from error
