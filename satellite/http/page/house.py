"""The browsers that have the page open, each a satellite in the house; bounded in number."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from enum import Enum

from satellite.errors import EngineBusy, SatelliteError
from satellite.http.page.browser import Browser
from satellite.http.page.engines import SharedEngines
from satellite.http.page.messages import Hello
from satellite.http.page.outgoing import Outgoing
from satellite.lib import paths
from satellite.lib.persistence import StoredValue
from satellite.lib.taskgroups import first_error
from satellite.settings import Settings
from satellite.timers.schedule import Schedule

_LOGGER = logging.getLogger(__name__)

MOST = 16
"""Browsers at once: more than a house has phones and laptops that talk."""

PATIENCE = 5.0
"""Seconds for the former connection of a tab to end."""

STORES = 64
"""Browsers whose timers are preserved; those of any more last as long as their connection."""

_PREFIX = "page-timers-"


class Ending(Enum):
    """Why the satellite of a browser ends."""

    SUPERSEDED = "the same tab has connected again"
    STOPPED = "the program ends"


class _Tab:
    """A tab that is connected."""

    def __init__(self, end: Callable[[Ending], None]) -> None:
        self.end = end
        self.ended = asyncio.Event()


class House:
    """The browsers of one program, which share its engines."""

    def __init__(self, settings: Settings, engines: SharedEngines) -> None:
        self._settings = settings
        self._engines = engines
        self._tabs: dict[str, _Tab] = {}

    @property
    def tabs(self) -> frozenset[str]:
        """Ids of the tabs that are connected."""
        return frozenset(self._tabs)

    @asynccontextmanager
    async def visited(
        self, hello: Hello, outgoing: Outgoing, on_end: Callable[[Ending], None]
    ) -> AsyncGenerator[Browser, None]:
        """Run the satellite of a browser during the block.

        `on_end` is called when the block is to end. Raises `EngineBusy`, and other
        `SatelliteError`s for what the satellite of a browser cannot do without.
        """
        if (former := self._tabs.pop(hello.id, None)) is not None:
            former.end(Ending.SUPERSEDED)
        if len(self._tabs) >= MOST:
            raise EngineBusy(f"{MOST} browsers are connected already: close one of them")
        tab = self._tabs[hello.id] = _Tab(on_end)
        try:
            if former is not None:  # its timers are stored when it has ended
                with suppress(TimeoutError):
                    async with asyncio.timeout(PATIENCE):
                        await former.ended.wait()
            store = await asyncio.to_thread(_store, hello.id)
            browser = Browser(self._settings, self._engines, hello, outgoing, store)
            with first_error(SatelliteError):
                async with asyncio.TaskGroup() as tasks:
                    running = tasks.create_task(browser.run(), name="browser")
                    try:
                        yield browser
                    finally:
                        running.cancel()
        finally:
            tab.ended.set()
            if self._tabs.get(hello.id) is tab:
                del self._tabs[hello.id]

    def close(self) -> None:
        """End the satellites of all browsers soon."""
        for tab in self._tabs.values():
            tab.end(Ending.STOPPED)


def _store(id_: str) -> StoredValue[Schedule] | None:
    """Return the store of a browser's timers, under a name that does not show its id."""
    name = _PREFIX + hashlib.sha256(id_.encode()).hexdigest()[:32]
    store = StoredValue(name, Schedule, Schedule())
    others = paths.state_folder().glob(f"{_PREFIX}*.json")
    if store.file.exists() or sum(1 for _ in others) < STORES:
        return store
    _LOGGER.info("the timers of %d browsers are stored already: those of this one are not", STORES)
    return None
