"""Keeps what happens while a satellite runs, and tells each turn on one line of the log."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from satellite.diagnostics.stats.collect import Collector, Row, TurnRow
from satellite.diagnostics.stats.database import Database, path
from satellite.diagnostics.stats.snapshot import Snapshot
from satellite.lib.bus import Bus, Subscription
from satellite.lib.worker import Worker
from satellite.settings import Settings

_LOGGER = logging.getLogger(__name__)

LATER = 30.0
"""Seconds that what is no turn waits to be written, so that a card is not worn out by it."""

MOST = 500
"""Rows that wait at most."""

DRAIN = 1.0
"""Seconds that the last rows may take to be written when the program ends."""


@asynccontextmanager
async def recorded_stats(settings: Settings, bus: Bus) -> AsyncGenerator[Snapshot, None]:
    """Keep what is published inside this block, and yield what it is like now; where it cannot be
    kept, only the log knows."""
    worker = Worker("stats")
    keeper = _Writer(settings, worker)
    try:
        async with asyncio.TaskGroup() as tasks, bus.subscribe("stats") as happening:
            keeping = tasks.create_task(keeper.run(happening), name="stats")
            try:
                yield keeper.now
            finally:
                happening.end()
                _, late = await asyncio.wait([keeping], timeout=DRAIN)
                if late:
                    _LOGGER.warning("the last statistics could not be written in %g s", DRAIN)
                keeping.cancel()
    finally:
        await worker.close()
        keeper.close()


class _Writer:
    def __init__(self, settings: Settings, worker: Worker) -> None:
        self._settings = settings.stats
        self._file: Path = path(settings.name)
        self._worker = worker
        self._store: Database | None = None
        self._rows: list[Row] = []
        self._gatherer = Collector(settings.stats.texts)
        self.now = Snapshot()
        self._given_up = not settings.stats.enabled

    async def run(self, happening: Subscription) -> None:
        """Take events until they end."""
        while True:
            try:
                async with asyncio.timeout(LATER if self._rows else None):
                    event = await anext(happening)
            except TimeoutError:
                await self._write()
                continue
            except StopAsyncIteration:
                break
            row = self._gatherer.take(event)
            self.now.take(event, row)
            if row is not None:
                await self._keep(row)
        await self._write()

    def close(self) -> None:
        """Close the database, when its thread has ended."""
        if self._store is not None:
            self._store.close()

    async def _keep(self, row: Row) -> None:
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
            if self._store is None:
                self._store = await self._worker.call(Database, self._file, self._settings.days)
            await self._worker.call(self._store.write, rows)
        except (OSError, sqlite3.Error) as error:
            self._given_up = True
            _LOGGER.warning("no statistics are kept: %s: %s", self._file, error)
