"""The connection to Home Assistant: opened in the background, and reopened when it is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from satellite.errors import EngineError, HomeDown, SatelliteError
from satellite.homeassistant.client import registries, stored_home
from satellite.homeassistant.client.api import Api
from satellite.homeassistant.client.entities import Contents
from satellite.homeassistant.client.socket import Socket
from satellite.homeassistant.client.states import States
from satellite.lib.taskgroups import first_error

_LOGGER = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between two attempts, doubled each time. A request that needs the home ends a pause."""

SETTLE = 0.5
"""Seconds from a change of a registry until it is read: changes come in groups."""

LOOK = 300.0
"""Seconds between two readings of the registries without a change: entities that are missing in
Home Assistant's registry are exposed and renamed without an event."""

WAIT = 3.0
"""Seconds that a request waits for a connection that is being opened; a LAN takes tenths."""

_EVENTS = (
    "entity_registry_updated",
    "area_registry_updated",
    "device_registry_updated",
    "homeassistant_started",
)
"""Events after which names or rooms may have changed."""


class HomeConnection:
    """Owns the connection and the contents of the home. `run` must run as a task."""

    def __init__(self, url: str, token_file: str) -> None:
        self.api = Api(url, token_file)
        self.states = States()
        self.contents = Contents()
        self.tried = asyncio.Event()
        """Set once the contents of the home are known, or known to be unavailable."""
        self._url = url
        self._socket: Socket | None = None
        self._settled = asyncio.Event()
        """Set once an attempt to connect has ended, successfully or not."""
        self._changed = asyncio.Event()
        self._wanted = asyncio.Event()
        self._problem: EngineError | None = None
        self._logged = False

    async def run(self) -> None:
        """Stay connected until cancelled, with attempts to reconnect."""
        stored = await asyncio.to_thread(stored_home.read, self._url)
        if not self.contents.entities:
            self.contents = stored
        if stored.entities:
            self.tried.set()
        pause = FIRST_PAUSE
        while True:
            began = asyncio.get_running_loop().time()
            try:
                with first_error(SatelliteError):
                    await self._stay()
            except EngineError as error:
                self._failed(error)
            except Exception as error:
                _LOGGER.exception("unexpected error in the connection to Home Assistant")
                self._problem = HomeDown(f"{type(error).__name__}: {error}")
            finally:
                self._socket = None
                self.states.forget()
            self._settled.set()
            self.tried.set()
            if (task := asyncio.current_task()) is not None and task.cancelling():
                # a task group that ends with an error forgets (before Python 3.13) that it was
                # cancelled, too
                raise asyncio.CancelledError
            if asyncio.get_running_loop().time() - began > LONGEST_PAUSE:
                pause = FIRST_PAUSE
            await self._rest(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def socket(self) -> Socket:
        """Return the connection; wait if it is being opened. Raises `HomeError`s without one."""
        if self._socket is None:
            self._settled.clear()
            self._wanted.set()
            await _within(WAIT, self._settled.wait)
        if self._socket is None:
            raise self._problem or HomeDown(
                f"Home Assistant at {self._url} did not answer within {WAIT:g} s"
            )
        return self._socket

    async def _stay(self) -> None:
        """Connect, read the home, and follow its changes until the connection ends."""
        async with self.api.socket() as socket, asyncio.TaskGroup() as tasks:
            tasks.create_task(socket.run(), name="home assistant's messages")
            for event in _EVENTS:
                await socket.subscribe(self._on_change, "subscribe_events", event_type=event)
            while True:
                self._changed.clear()
                await self._read(socket)
                self._socket, self._problem = socket, None
                self._settled.set()
                self.tried.set()
                await _within(LOOK, self._changed.wait)
                await asyncio.sleep(SETTLE)

    async def _read(self, socket: Socket) -> None:
        found = await registries.contents(socket, self.states)
        if self._logged or self._socket is None:
            _LOGGER.info(
                "connected to Home Assistant at %s: %d entities, %d rooms",
                self._url, len(found.entities), len(found.rooms),
            )  # fmt: skip
            if not found.entities:
                _LOGGER.warning(
                    "Home Assistant exposes no entities to voice assistants: choose some in its "
                    "settings (Voice assistants, Expose)"
                )
        self._logged = False
        if found != self.contents:
            self.contents = found
            await asyncio.to_thread(stored_home.store, self._url, found)

    def _on_change(self, event: dict[str, Any]) -> None:
        self._changed.set()

    def _failed(self, error: EngineError) -> None:
        level = logging.DEBUG if self._logged else logging.WARNING
        _LOGGER.log(level, "Home Assistant is not connected: %s", error)
        self._logged, self._problem = True, error

    async def _rest(self, seconds: float) -> None:
        self._wanted.clear()
        await _within(seconds, self._wanted.wait)


async def _within(seconds: float, wait: Callable[[], Any]) -> None:
    """Wait for something for at most `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await wait()
    except TimeoutError:
        pass
