"""A home: what is in it, and doing and telling what brains ask for. Only exposed things count."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from satellite.errors import EngineFailed, HomeFailed, SatelliteError
from satellite.homeassistant.client import address, answers, registries, service_calls
from satellite.homeassistant.client.connection import HomeConnection
from satellite.homeassistant.client.entities import Contents, Entity, plain
from satellite.homeassistant.client.entity_kinds import Service, service
from satellite.homeassistant.client.search import Found, search
from satellite.homeassistant.client.service_calls import HomeCommand, HomeQuery
from satellite.homeassistant.client.socket import Socket
from satellite.homeassistant.client.states import SILENT, State
from satellite.lib.taskgroups import first_error
from satellite.settings import HomeSettings
from satellite.values import Action

KNOWN = 2.0
"""Seconds the first request waits for names that were never known before."""


class Home:
    """The home that this process has the token of. Every method raises `EngineError`s."""

    def __init__(self, link: HomeConnection) -> None:
        self._link = link

    @property
    def contents(self) -> Contents:
        """What can be named now."""
        return self._link.contents

    async def known(self) -> Contents:
        """What can be named; waits a little for the first answer of a home just connected."""
        try:
            async with asyncio.timeout(KNOWN):
                await self._link.tried.wait()
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

    async def carry_out(self, wish: HomeCommand | HomeQuery, near: str | None = None) -> str:
        """Do or tell what is wished; return the sentence about it.

        `near` is the name of the room in which it was said.
        """
        if isinstance(wish, HomeCommand):
            return await self.do(wish, near)
        return await self.ask(wish, near)

    async def do(self, wish: HomeCommand, near: str | None = None) -> str:
        """Switch or set things, and say so."""
        socket = await self._link.socket()
        contents = await self._exposed(socket)

        def able(thing: Entity) -> bool:
            if wish.deed == "level" and not wish.name and thing.domain != "light":
                return False  # to dim everything is not to turn down the music
            return service(wish.deed, thing.domain, wish.value) is not None

        found = search(contents, wish, near, able)
        if found.outcome:
            return answers.not_done(wish, found)
        things = [thing for thing in found.things if self._answers(thing)]
        if not things:
            return wish.sentence("silent")
        calls: dict[str, list[str]] = defaultdict(list)
        wanted: dict[str, Service] = {}
        for thing in things:
            if (call := service(wish.deed, thing.domain, wish.value)) is not None:
                calls[call.domain].append(thing.id)
                wanted[call.domain] = call
        async with asyncio.TaskGroup() as tasks:  # lights and blinds begin together
            done = [
                tasks.create_task(_call_service(socket, wanted[domain], ids))
                for domain, ids in calls.items()
            ]
        if failures := [error for task in done if (error := task.result()) is not None]:
            raise failures[0]
        value = None if wish.value is None else f"{wish.value:g}"
        return wish.sentence("default", value=value)

    async def ask(self, wish: HomeQuery, near: str | None = None) -> str:
        """Tell how things are."""
        contents = await self._exposed(await self._link.socket())
        if wish.about == "temperature":
            return answers.temperature(wish, contents, near, self.state)
        found = search(contents, wish, near, lambda thing: True)
        if found.outcome:
            return answers.not_done(wish, found)
        return answers.state(wish, found.things, self.state)

    async def describe(self, name: str | None, area: str | None, near: str | None) -> str:
        """Tell all that is known of things, a line for each; for a language model."""
        contents = await self._exposed(await self._link.socket())
        if not name:
            room = contents.room(area) if area else None
            if area and room is None:
                return f"There is no room called {area}."
            things: Sequence[Entity] = [
                thing for thing in contents.things if room is None or thing.room == room.id
            ]
        else:
            target = f"{name} in the {area}" if area else name
            wish = HomeQuery(name=name, area=area, target=target)
            found: Found = search(contents, wish, near, lambda thing: True)
            if found.outcome and found.outcome not in ("several", "room"):
                return answers.not_done(wish, found)
            things = found.things
        return answers.described(things, contents, self.state)

    def state(self, thing: Entity) -> State | None:
        """How a thing is; None where it does not answer."""
        state = self._link.states.of(thing.id)
        return None if state is None or state.value == "unavailable" else state

    def _answers(self, thing: Entity) -> bool:
        # scripts, scenes and buttons that were never used are "unknown" and work
        state = self.state(thing)
        return state is not None and (state.value not in SILENT or state.value == "unknown")

    async def _exposed(self, socket: Socket) -> Contents:
        """What is exposed at this moment: nothing else is touched, whatever was known before."""
        ids = frozenset(await registries.exposed(socket))
        contents = self.contents
        if all(thing.id in ids for thing in contents.things):
            return contents
        return Contents(
            things=tuple(thing for thing in contents.things if thing.id in ids),
            rooms=contents.rooms,
            satellites=contents.satellites,
        )


async def _call_service(socket: Socket, call: Service, ids: list[str]) -> HomeFailed | None:
    """Call a service; return its failure, so that the others are not broken off."""
    try:
        await socket.call(
            "call_service",
            domain=call.domain,
            service=call.name,
            service_data=call.data,
            target={"entity_id": ids},
        )
    except HomeFailed as error:
        return error
    return None


@asynccontextmanager
async def opened(settings: HomeSettings) -> AsyncGenerator[Home | None, None]:
    """The home that the settings name, being connected in the background; None without one.

    Raises `ConfigError` for an address that is none.
    """
    if not settings.url:
        yield None
        return
    link = HomeConnection(address.parse(settings.url), settings.token_file)
    try:
        with first_error(SatelliteError):
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(link.run(), name="home assistant")
                try:
                    yield Home(link)
                finally:
                    running.cancel()
    finally:
        await link.api.close()
