"""The connection to Home Assistant: made in the background, kept, and made anew when it is lost."""

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
"""Seconds between two attempts: doubled each time. A request that needs the home ends a pause."""

SETTLE = 0.5
"""Seconds from one change of a registry to the next look: changes come in bunches."""

LOOK = 300.0
"""Seconds between two looks where nothing was announced: things that have no entry in Home
Assistant's registry are exposed and renamed without an event."""

WAIT = 3.0
"""Seconds a request waits for a connection that is being made; a house's network takes tenths."""

_EVENTS = (
    "entity_registry_updated",
    "area_registry_updated",
    "device_registry_updated",
    "homeassistant_started",
)
"""What tells that names or rooms may be others."""


class HomeConnection:
    """Owns the connection, and what is known of the home. `run` is to be a task."""

    def __init__(self, url: str, token_file: str) -> None:
        self.api = Api(url, token_file)
        self.states = States()
        self.contents = Contents()
        self.tried = asyncio.Event()
        """Whether there is an answer to the question what the home holds, good or bad."""
        self._url = url
        self._socket: Socket | None = None
        self._settled = asyncio.Event()
        """An attempt has ended, in a connection or not."""
        self._changed = asyncio.Event()
        self._wanted = asyncio.Event()
        self._trouble: EngineError | None = None
        self._told = False

    async def run(self) -> None:
        """Stay connected until cancelled; a home that is away is asked again and again."""
        kept = await asyncio.to_thread(stored_home.read, self._url)
        if not self.contents.things:
            self.contents = kept
        if kept.things:
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
                self._trouble = HomeDown(f"{type(error).__name__}: {error}")
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
        """The connection; one that is being made is waited for. Raises why there is none."""
        if self._socket is None:
            self._settled.clear()
            self._wanted.set()
            await _within(WAIT, self._settled.wait)
        if self._socket is None:
            raise self._trouble or HomeDown(
                f"Home Assistant at {self._url} did not answer within {WAIT:g} s"
            )
        return self._socket

    async def _stay(self) -> None:
        """Connect, learn what there is, and follow it until the connection ends."""
        async with self.api.socket() as socket, asyncio.TaskGroup() as tasks:
            tasks.create_task(socket.run(), name="home assistant's messages")
            for event in _EVENTS:
                await socket.subscribe(self._announced, "subscribe_events", event_type=event)
            while True:
                self._changed.clear()
                await self._learn(socket)
                self._socket, self._trouble = socket, None
                self._settled.set()
                self.tried.set()
                await _within(LOOK, self._changed.wait)
                await asyncio.sleep(SETTLE)

    async def _learn(self, socket: Socket) -> None:
        found = await registries.contents(socket, self.states)
        if self._told or self._socket is None:
            _LOGGER.info(
                "connected with Home Assistant at %s: %d things, %d rooms",
                self._url, len(found.things), len(found.rooms),
            )  # fmt: skip
            if not found.things:
                _LOGGER.warning(
                    "Home Assistant exposes nothing to voice assistants: choose what may be "
                    "switched in its settings (Voice assistants, Expose)"
                )
        self._told = False
        if found != self.contents:
            self.contents = found
            await asyncio.to_thread(stored_home.store, self._url, found)

    def _announced(self, event: dict[str, Any]) -> None:
        self._changed.set()

    def _failed(self, error: EngineError) -> None:
        level = logging.DEBUG if self._told else logging.WARNING
        _LOGGER.log(level, "no home is connected: %s", error)
        self._told, self._trouble = True, error

    async def _rest(self, seconds: float) -> None:
        self._wanted.clear()
        await _within(seconds, self._wanted.wait)


async def _within(seconds: float, wait: Callable[[], Any]) -> None:
    """Wait for something, at most so long."""
    try:
        async with asyncio.timeout(seconds):
            await wait()
    except TimeoutError:
        pass
