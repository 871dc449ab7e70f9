"""A home: its contents, and requests to it. Only exposed entities exist here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from satellite.errors import EngineFailed, SatelliteError
from satellite.homeassistant.client import (
    address,
    answers,
    commands,
    media,
    questions,
    registries,
    service_calls,
    todo_lists,
)
from satellite.homeassistant.client.connection import HomeConnection
from satellite.homeassistant.client.entities import Contents, Entity, plain
from satellite.homeassistant.client.search import Found, search
from satellite.homeassistant.client.service_calls import HomeCommand, HomeQuery
from satellite.homeassistant.client.session import Session
from satellite.homeassistant.client.socket import Socket
from satellite.homeassistant.client.states import State
from satellite.lib.taskgroups import first_error
from satellite.settings import HomeSettings
from satellite.values import Action

KNOWN = 2.0
"""Seconds that the first request waits for names that are not stored yet."""


class Home:
    """The home that this process is connected to. Every method raises `EngineError`s."""

    def __init__(self, connection: HomeConnection) -> None:
        self._connection = connection

    @property
    def contents(self) -> Contents:
        """The entities and rooms known now."""
        return self._connection.contents

    async def known(self) -> Contents:
        """Return the contents; wait up to `KNOWN` for a home that has just been connected."""
        try:
            async with asyncio.timeout(KNOWN):
                await self._connection.tried.wait()
        except TimeoutError:
            pass
        return self.contents

    def device_of(self, satellite: str) -> str | None:
        """Return the device id of the satellite of a name; None where Home Assistant has none."""
        return self.contents.satellites.get(plain(satellite))

    async def perform(self, action: Action, area: str | None = None) -> str:
        """Carry out a `home.do` or `home.ask` action; return the sentence that reports the result.

        `area` is the room in which it was asked for. Raises `EngineFailed` for another action.
        """
        if (request := service_calls.read(action)) is None:
            raise EngineFailed(f"{action.name} is no action of the home")
        return await self.carry_out(request, area)

    async def carry_out(
        self,
        request: HomeCommand | HomeQuery,
        near: str | None = None,
        undo: commands.Calls | None = None,
    ) -> str:
        """Carry out a command, or answer a query; return the sentence that reports the result.

        `near` is the name of the room of the speaker; `undo` gets what restores the states before.
        """
        if isinstance(request, HomeCommand):
            return await self.do(request, near, undo)
        return await self.ask(request, near)

    async def restore(self, undo: commands.Calls) -> None:
        """Restore the states before a command."""
        await (await self._session(None)).call(undo)

    async def do(
        self, request: HomeCommand, near: str | None = None, undo: commands.Calls | None = None
    ) -> str:
        """Carry out a command; return the sentence that reports it."""
        session = await self._session(near)
        match request.operation:
            case "play":
                return await media.play(request, session)
            case "change_temperature":
                return await commands.change_temperature(request, session)
            case "add_item" | "complete_item" | "remove_item":
                return await todo_lists.change(request, session)
        return await commands.switch(request, session, [] if undo is None else undo)

    async def ask(self, request: HomeQuery, near: str | None = None) -> str:
        """Return the sentence that answers a query."""
        return await questions.answer(request, await self._session(near))

    async def describe(self, name: str | None, area: str | None, near: str | None) -> str:
        """Return a line for each entity with its state, for a language model."""
        contents = await self._exposed(await self._connection.socket())
        if not name:
            room = contents.room(area) if area else None
            if area and room is None:
                return f"There is no room called {area}."
            entities: Sequence[Entity] = [
                entity for entity in contents.entities if room is None or entity.room == room.id
            ]
        else:
            target = f"{name} in the {area}" if area else name
            request = HomeQuery(name=name, area=area, target=target)
            found: Found = search(contents, request, near, lambda entity: True)
            if found.outcome and found.outcome not in ("several", "room"):
                return answers.not_done(request, found)
            entities = found.entities
        return answers.described(entities, contents, self.state)

    def state(self, entity: Entity) -> State | None:
        """Return the state of an entity; None if it does not answer."""
        state = self._connection.states.of(entity.id)
        return None if state is None or state.value == "unavailable" else state

    async def _session(self, near: str | None) -> Session:
        socket = await self._connection.socket()
        return Session(socket, await self._exposed(socket), near, self.state)

    async def _exposed(self, socket: Socket) -> Contents:
        """Return what is exposed now: nothing else is touched, whatever was exposed before."""
        ids = frozenset(await registries.exposed(socket))
        contents = self.contents
        if all(entity.id in ids for entity in contents.entities):
            return contents
        return Contents(
            entities=tuple(entity for entity in contents.entities if entity.id in ids),
            rooms=contents.rooms,
            satellites=contents.satellites,
        )


@asynccontextmanager
async def opened(settings: HomeSettings) -> AsyncGenerator[Home | None, None]:
    """Open the home of the settings, to be connected in the background; None if none is set.

    Raises `ConfigError` for an invalid address.
    """
    if not settings.url:
        yield None
        return
    connection = HomeConnection(address.parse(settings.url), settings.token_file)
    try:
        with first_error(SatelliteError):
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(connection.run(), name="home assistant")
                try:
                    yield Home(connection)
                finally:
                    running.cancel()
    finally:
        await connection.api.close()
