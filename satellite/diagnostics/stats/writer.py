"""Writes statistics while a satellite runs, and logs a line for each turn."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from satellite.diagnostics.stats.collector import Collector, Row, TurnRow
from satellite.diagnostics.stats.database import Database, file_of
from satellite.diagnostics.stats.snapshot import Snapshot
from satellite.lib.bus import Bus, Subscription
from satellite.lib.containment import Containment
from satellite.lib.worker import Worker
from satellite.settings import Settings
from satellite.text.reason_of import reason_of

_LOGGER = logging.getLogger(__name__)

LATER = 30.0
"""Seconds for which events outside turns wait to be written, which saves wear of the card."""

MOST = 500
"""Rows that wait at most."""

DRAIN = 1.0
"""Seconds to write the last rows when the program ends."""


@asynccontextmanager
async def written_stats(settings: Settings, bus: Bus) -> AsyncGenerator[Snapshot, None]:
    """Write the statistics of the events published in this block; yield the current state.

    A failure to write is logged, and does not disturb the satellite.
    """
    worker = Worker("stats")
    writer = _Writer(settings, worker)
    try:
        async with asyncio.TaskGroup() as tasks, bus.subscribe("stats") as changes:
            write = Containment("the writer of statistics").run(partial(writer.run, changes))
            writing = tasks.create_task(write, name="stats")
            try:
                yield writer.snapshot
            finally:
                changes.end()
                _, late = await asyncio.wait([writing], timeout=DRAIN)
                if late:
                    _LOGGER.warning("the last statistics could not be written in %g s", DRAIN)
                writing.cancel()
    finally:
        await worker.close()
        writer.close()


class _Writer:
    def __init__(self, settings: Settings, worker: Worker) -> None:
        self._settings = settings.stats
        self._file: Path = file_of(settings.name)
        self._worker = worker
        self._database: Database | None = None
        self._rows: list[Row] = []
        self._collector = Collector(settings.stats.texts)
        self.snapshot = Snapshot()
        self._given_up = not settings.stats.enabled

    async def run(self, changes: Subscription) -> None:
        """Take events until they end."""
        while True:
            try:
                async with asyncio.timeout(LATER if self._rows else None):
                    event = await anext(changes)
            except TimeoutError:
                await self._write()
                continue
            except StopAsyncIteration:
                break
            row = self._collector.take(event)
            self.snapshot.take(event, row)
            if row is not None:
                await self._add(row)
        await self._write()

    def close(self) -> None:
        """Close the database, after its thread has ended."""
        if self._database is not None:
            self._database.close()

    async def _add(self, row: Row) -> None:
        ended = isinstance(row, TurnRow)
        if isinstance(row, TurnRow):
            _LOGGER.info("turn %s: %s", row.id, row.line())
        if self._given_up:
            return
        self._rows.append(row)
        if ended or len(self._rows) >= MOST:
            await self._write()

    async def _write(self) -> None:
        rows, self._rows = self._rows, []
        if not rows or self._given_up:
            return
        try:
            if self._database is None:
                self._database = await self._worker.call(Database, self._file, self._settings.days)
            await self._worker.call(self._database.write, rows)
        except (OSError, sqlite3.Error) as error:
            self._given_up = True
            _LOGGER.warning("cannot write statistics to %s: %s", self._file, reason_of(error))
