"""The search for the entities of a request: by name, kind, room, and the room of the speaker."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from satellite.homeassistant.client.entities import Area, Contents, Entity, plain
from satellite.homeassistant.client.entity_kinds import EVERYTHING, EntityKind
from satellite.homeassistant.client.service_calls import HomeRequest

Able = Callable[[Entity], bool]
"""Returns whether an entity supports the requested operation."""


class Found(msgspec.Struct, frozen=True):
    """The result of a search; `outcome` is the reason of a failure, a key of `HomeRequest.say`."""

    entities: tuple[Entity, ...] = ()
    outcome: str = ""


def search(contents: Contents, request: HomeRequest, near: str | None, able: Able) -> Found:
    """Find the entities of a request. `near` is the name of the room of the speaker."""
    room = contents.room(request.area) if request.area else None
    if request.area and room is None:
        return Found(outcome="missing")
    here = contents.room(near) if near else None
    named = contents.called(request.name, room) if request.name and not request.kind else []
    if named:
        return _chosen(named, request, here, able)
    return _of_kind(contents, request, room, here, able)


def kinds_of(request: HomeRequest) -> tuple[EntityKind, ...]:
    """Return the kinds of entities that a request means; empty for an entity's own name."""
    if request.kind:
        return (EntityKind.parse(request.kind),)
    return request.words.kinds(request.name or "")


def _chosen(named: list[Entity], request: HomeRequest, here: Area | None, able: Able) -> Found:
    """Choose among entities of one name."""
    possible = [entity for entity in named if able(entity)]
    if not possible:
        return Found(tuple(named), "cannot")
    if len(possible) > 1 and not request.all:
        close = [entity for entity in possible if here is not None and entity.room == here.id]
        if len(close or possible) > 1:
            return Found(tuple(close or possible), "several")
        possible = close
    return Found(tuple(possible))


def _of_kind(
    contents: Contents, request: HomeRequest, room: Area | None, here: Area | None, able: Able
) -> Found:
    """Find all entities of a kind in a room: the room that was named, or that of the speaker."""
    kinds = kinds_of(request)
    named = bool(plain(request.name or ""))
    if (named and not kinds) or not (kinds or request.area or request.all):
        return Found(outcome="missing")
    matching = [
        entity
        for entity in contents.entities
        if (any(kind.fits(entity) for kind in kinds) if kinds else entity.domain in EVERYTHING)
    ]
    place = room or (None if request.all else here)
    if place is not None:
        inside = [entity for entity in matching if entity.room == place.id]
        if not inside and room is None:  # none in this room: the only one of the home is meant
            inside, place = matching, None
        matching = inside
    if not matching:
        return Found(outcome="missing")
    possible = tuple(entity for entity in matching if able(entity))
    if not possible:
        return Found(tuple(matching), "cannot")
    if place is None and not request.all and len(possible) > 1:
        return Found(possible, "room")
    return Found(possible)
