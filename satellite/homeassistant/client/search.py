"""Which things are meant: by their name, their sort, their room, and where it was said."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from satellite.homeassistant.client.entities import Area, Contents, Entity, plain
from satellite.homeassistant.client.entity_kinds import EVERYTHING, meant
from satellite.homeassistant.client.service_calls import HomeRequest

Able = Callable[[Entity], bool]
"""Whether what is wished can be done with a thing."""


class Found(msgspec.Struct, frozen=True):
    """What was found; `outcome` says why it cannot be done, as `HomeRequest.say` names it."""

    things: tuple[Entity, ...] = ()
    outcome: str = ""


def search(contents: Contents, wish: HomeRequest, near: str | None, able: Able) -> Found:
    """Find the things that a wish means. `near` is the name of the room it was said in."""
    room = contents.room(wish.area) if wish.area else None
    if wish.area and room is None:
        return Found(outcome="missing")
    here = contents.room(near) if near else None
    named = contents.called(wish.name, room) if wish.name else []
    if named:
        return _chosen(named, wish, here, able)
    return _sort(contents, wish, room, here, able)


def _chosen(named: list[Entity], wish: HomeRequest, here: Area | None, able: Able) -> Found:
    """The one of several things of one name."""
    possible = [thing for thing in named if able(thing)]
    if not possible:
        return Found(tuple(named), "cannot")
    if len(possible) > 1 and not wish.all:
        close = [thing for thing in possible if here is not None and thing.room == here.id]
        if len(close or possible) > 1:
            return Found(tuple(close or possible), "several")
        possible = close
    return Found(tuple(possible))


def _sort(
    contents: Contents, wish: HomeRequest, room: Area | None, here: Area | None, able: Able
) -> Found:
    """All things of a sort in a room: that which was named, else that in which it was said."""
    word = plain(wish.name or "")
    kinds = meant(word)
    if (word and not kinds) or not (word or wish.area or wish.all):
        return Found(outcome="missing")
    sort = [
        thing
        for thing in contents.things
        if (any(kind.fits(thing) for kind in kinds) if kinds else thing.domain in EVERYTHING)
    ]
    place = room or (None if wish.all else here)
    if place is not None:
        inside = [thing for thing in sort if thing.room == place.id]
        if not inside and room is None:  # none here: the only one of the house is meant
            inside, place = sort, None
        sort = inside
    if not sort:
        return Found(outcome="missing")
    possible = tuple(thing for thing in sort if able(thing))
    if not possible:
        return Found(tuple(sort), "cannot")
    if place is None and not wish.all and len(possible) > 1:
        return Found(possible, "room")
    return Found(possible)
