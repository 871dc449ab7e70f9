"""One request to a home: its connection, the exposed contents, and the room of the speaker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from satellite.errors import HomeFailed
from satellite.homeassistant.client.answers import StateOf
from satellite.homeassistant.client.entities import Contents, Entity
from satellite.homeassistant.client.entity_kinds import Service
from satellite.homeassistant.client.socket import Socket
from satellite.homeassistant.client.states import SILENT, State


class Session(msgspec.Struct, frozen=True):
    """What a request needs of a home."""

    socket: Socket
    contents: Contents
    """Those that are exposed now."""
    near: str | None
    """The name of the room of the speaker."""
    state_of: StateOf

    def known(self, entity: Entity) -> State:
        """Return the state of an entity, which has no attributes if it does not answer."""
        return self.state_of(entity) or State("unavailable")

    def answering(self, entities: Iterable[Entity]) -> list[Entity]:
        """Return the entities that answer."""
        # scripts, scenes and buttons are "unknown" until they are first used, and work
        return [
            entity
            for entity in entities
            if (value := self.known(entity).value) not in SILENT or value == "unknown"
        ]

    async def call(self, calls: Sequence[tuple[Service, Entity]]) -> None:
        """Call services, those of different domains or data at the same time.

        Raises the first failure, once all of them have ended.
        """
        grouped: list[tuple[Service, list[str]]] = []
        for service, entity in calls:
            same = next((ids for known, ids in grouped if known == service), None)
            if same is None:
                grouped.append((service, same := []))
            same.append(entity.id)
        async with asyncio.TaskGroup() as tasks:  # lights and blinds start together
            done = [tasks.create_task(self._call(service, ids)) for service, ids in grouped]
        if failures := [error for task in done if (error := task.result()) is not None]:
            raise failures[0]

    async def answer(self, service: Service, entity: Entity) -> dict[str, Any]:
        """Call a service that answers; return its answer for the entity. Raises `HomeFailed`."""
        result = await self.socket.call("call_service", **_fields(service, [entity.id], True))
        response = result.get("response") if isinstance(result, dict) else None
        own = response.get(entity.id) if isinstance(response, dict) else None
        if not isinstance(own, dict):
            raise HomeFailed(f"Home Assistant gave no answer to {service.domain}.{service.name}")
        return own

    async def _call(self, service: Service, ids: list[str]) -> HomeFailed | None:
        try:
            await self.socket.call("call_service", **_fields(service, ids, False))
        except HomeFailed as error:
            return error
        return None


def _fields(service: Service, ids: list[str], answers: bool) -> dict[str, Any]:
    fields = {
        "domain": service.domain,
        "service": service.name,
        "service_data": service.data,
        "target": {"entity_id": ids},
    }
    return {**fields, "return_response": True} if answers else fields
