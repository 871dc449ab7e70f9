"""Home Assistant's registries, read into the contents of a home."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from satellite.homeassistant.client.entities import (
    MOST_ENTITIES,
    Area,
    Contents,
    Entity,
    plain,
    sayable,
)
from satellite.homeassistant.client.socket import Socket
from satellite.homeassistant.client.states import States

ASSISTANT = "conversation"
"""Home Assistant's name of the voice assistant that entities are exposed to."""


async def exposed(socket: Socket) -> tuple[str, ...]:
    """Return the ids of the entities exposed to voice assistants, at most `MOST_ENTITIES`."""
    answer = _table(await socket.call("homeassistant/expose_entity/list")).get("exposed_entities")
    ids = (id_ for id_, to in _table(answer).items() if _table(to).get(ASSISTANT) is True)
    return tuple(sorted(ids))[:MOST_ENTITIES]


async def contents(socket: Socket, states: States) -> Contents:
    """Read the contents of the home, and follow the states of its exposed entities."""
    ids = await exposed(socket)
    areas = _rows(await socket.call("config/area_registry/list"))
    devices = _rows(await socket.call("config/device_registry/list"))
    entries: Mapping[str, Any] = {}
    if ids:
        entries = _table(
            await socket.call("config/entity_registry/get_entries", entity_ids=list(ids))
        )
    await states.follow(socket, ids)
    places = {str(device.get("id")): device.get("area_id") for device in devices}
    return Contents(
        entities=tuple(_entities(ids, entries, places, states)),
        rooms=tuple(_rooms(areas)),
        satellites=dict(_satellites(devices)),
    )


def _entities(
    ids: tuple[str, ...], entries: Mapping[str, Any], places: Mapping[str, Any], states: States
) -> Iterator[Entity]:
    for id_ in ids:
        entry = _table(entries.get(id_))
        state = states.of(id_)
        given_names = (
            state.attributes.get("friendly_name") if state else None,
            entry.get("name") or entry.get("original_name"),
        )
        aliases = [alias for alias in entry.get("aliases") or () if sayable(alias)]
        main = next((name for name in given_names if sayable(name)), None)
        names = dict.fromkeys(str(name).strip() for name in (main, *aliases) if name)
        if not names:
            continue
        room = entry.get("area_id") or places.get(str(entry.get("device_id")))
        device_class = (state.attributes if state else {}).get("device_class")
        yield Entity(
            id=id_,
            names=tuple(names),
            room=room if isinstance(room, str) else None,
            device_class=device_class if isinstance(device_class, str) else None,
        )


def _rooms(areas: list[Mapping[str, Any]]) -> Iterator[Area]:
    for area in areas:
        names = [area.get("name"), *(area.get("aliases") or ())]
        good = tuple(dict.fromkeys(str(name).strip() for name in names if sayable(name)))
        meter = area.get("temperature_entity_id")
        if good and isinstance(id_ := area.get("area_id"), str):
            yield Area(id=id_, names=good, thermometer=meter if isinstance(meter, str) else None)


def _satellites(devices: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for device in devices:
        owners = [
            pair[0] for pair in device.get("identifiers") or () if isinstance(pair, list) and pair
        ]
        name = device.get("name_by_user") or device.get("name")
        if "wyoming" in owners and isinstance(name, str) and isinstance(device.get("id"), str):
            yield plain(name), device["id"]


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
