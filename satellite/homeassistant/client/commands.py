"""Commands: the services that carry them out, and the sentences that report it."""

from __future__ import annotations

from typing import Any

import msgspec

from satellite.homeassistant.client import answers
from satellite.homeassistant.client.entities import Entity
from satellite.homeassistant.client.entity_kinds import WHITES, Service, service, supports
from satellite.homeassistant.client.search import Found, search
from satellite.homeassistant.client.service_calls import HomeCommand
from satellite.homeassistant.client.session import Session
from satellite.homeassistant.client.words import KELVIN

_MEDIA = "media_player"

_BUSY = {
    "pause": ("playing", "buffering"),
    "resume": ("paused", "idle", "standby"),
    "next": ("playing", "paused", "buffering"),
    "previous": ("playing", "paused", "buffering"),
    "stop": ("playing", "paused", "buffering"),
}
"""The states of a player that is meant without a name, by operation."""

_WHITES = {kelvin: code for code, kelvin in WHITES.items()}


Calls = list[tuple[Service, Entity]]
"""Services, each for an entity."""

_RESTORED = frozenset(("light", "switch", "fan", "input_boolean", "humidifier"))
"""Domains whose state is on or off, and can be restored. What opens, locks, runs or plays stays."""


async def switch(request: HomeCommand, session: Session, undo: Calls) -> str:
    """Switch or set entities; return the sentence that reports it. Add to `undo` what restores
    their present states."""
    found = find(request, session)
    if found.outcome:
        return answers.not_done(request, found)
    entities = session.answering(found.entities)
    if not entities:
        return request.sentence("silent")
    calls = [(call, entity) for entity in entities if (call := _service(request, entity))]
    undo.extend(_restoring([entity for _, entity in calls], session))
    await session.call(calls)
    return request.sentence("default", value=_value(request), color=_color(request))


async def change_temperature(request: HomeCommand, session: Session) -> str:
    """Change what thermostats are set to; return the sentence with the new temperature."""
    found = find(request, session)
    if found.outcome:
        return answers.not_done(request, found)
    calls: list[tuple[Service, Entity]] = []
    values: set[float] = set()
    for entity in session.answering(found.entities):
        attributes = session.known(entity).attributes
        now = attributes.get("temperature")
        if not isinstance(now, int | float) or request.value is None:
            continue
        low, high = attributes.get("min_temp", now - 100), attributes.get("max_temp", now + 100)
        value = min(high, max(low, now + request.value))
        values.add(value)
        calls.append((Service(entity.domain, "set_temperature", {"temperature": value}), entity))
    if not calls:
        return request.sentence("unknown")
    await session.call(calls)
    if len(values) > 1:
        return request.words.sentences["default"]
    return request.sentence("default", value=request.words.number(values.pop()))


def find(request: HomeCommand, session: Session) -> Found:
    """Return the entities of a command that can do it, or why there are none."""

    def able(entity: Entity) -> bool:
        operation, attributes = request.operation, session.known(entity).attributes
        if operation == "level" and not (request.name or request.kind) and entity.domain != "light":
            return False  # to dim everything does not mean the volume of the music
        unnamed = entity.domain == _MEDIA and not request.name and operation in _BUSY
        if unnamed and session.known(entity).value not in _BUSY[operation]:
            return False
        known = service(operation, entity.domain, request.value, request.color) is not None
        return known and supports(operation, entity.domain, attributes)

    found = search(session.contents, request, session.near, able)
    if found.outcome == "cannot" and request.operation in _BUSY and not request.name:
        # nothing plays here: what plays elsewhere is meant
        found = found if request.area else search(session.contents, request, None, able)
        if found.outcome == "cannot":
            return msgspec.structs.replace(found, outcome="nothing")
    if found.outcome == "room" and request.operation in ("start", "dock"):
        return msgspec.structs.replace(found, outcome="several")
    return found


def _restoring(entities: list[Entity], session: Session) -> Calls:
    """Return the services that restore the present states of entities."""
    calls: Calls = []
    for entity in entities:
        state = session.known(entity)
        if entity.domain not in _RESTORED or state.value not in ("on", "off"):
            continue
        data: dict[str, Any] = {}
        if entity.domain == "light" and state.value == "on":
            white = state.attributes.get("color_mode") == "color_temp"
            color = "color_temp_kelvin" if white else "hs_color"
            known = {name: state.attributes.get(name) for name in ("brightness", color)}
            data = {name: value for name, value in known.items() if value is not None}
        calls.append((Service(entity.domain, f"turn_{state.value}", data), entity))
    return calls


def _service(request: HomeCommand, entity: Entity) -> Service | None:
    return service(request.operation, entity.domain, request.value, request.color)


def _value(request: HomeCommand) -> str | None:
    return None if request.value is None else request.words.number(request.value)


def _color(request: HomeCommand) -> str | None:
    """Return the color or the temperature of white as it is said."""
    if request.color is not None:
        return request.words.color(request.color)
    if request.operation != "color_temperature" or request.value is None:
        return None
    if (code := _WHITES.get(round(request.value))) is not None:
        return request.words.color(code)
    return request.words.amount(request.value, KELVIN)
