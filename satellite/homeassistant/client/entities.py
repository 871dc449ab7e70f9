"""What is in a home, as people name it: the exposed things, and the rooms they stand in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cached_property

import msgspec

from satellite.homeassistant.client.entity_kinds import KINDS
from satellite.values import Value

MOST_NAMES = 300
"""Names that are listened for; with more of them, what was said is ever more a matter of luck."""

MOST_ROOMS = 60
"""Rooms that are listened for."""

MOST_THINGS = 1000
"""Exposed things that are known; Home Assistant itself advises against more than some dozens."""

_LONGEST = 80
"""Characters of a name that anybody says."""

_JOINTS = re.compile(r"[^\w']+|_")


class Entity(Value, frozen=True):
    """An exposed entity."""

    id: str
    """As light.kitchen_ceiling."""
    names: tuple[str, ...]
    """The name that is shown first, then its aliases."""
    room: str | None = None
    """The id of its area."""
    device_class: str | None = None

    @property
    def domain(self) -> str:
        """What sort of entity it is: light, cover, ..."""
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.names[0]


class Area(Value, frozen=True):
    """An area."""

    id: str
    names: tuple[str, ...]
    """Its name first, then its aliases."""
    thermometer: str | None = None
    """The id of the entity that measures its temperature, where somebody chose one."""


class Contents(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All that can be named in a home. Empty where nothing is known of it."""

    things: tuple[Entity, ...] = ()
    rooms: tuple[Area, ...] = ()
    satellites: dict[str, str] = {}
    """The ids of the devices that are Wyoming satellites there, by their names."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names to listen for, the most likely ones first; bounded in number."""
        kinds = [words for kind, words in KINDS.items() if any(map(kind.fits, self.things))]
        return _first(
            MOST_NAMES,
            (thing.name for thing in self.things),
            (word for words in kinds for word in words),
            (alias for thing in self.things for alias in thing.names[1:]),
            (short for thing in self.things for short in self._short(thing)),
        )

    @cached_property
    def areas(self) -> tuple[str, ...]:
        """The names of rooms to listen for; bounded in number."""
        return _first(
            MOST_ROOMS,
            (room.names[0] for room in self.rooms),
            (alias for room in self.rooms for alias in room.names[1:]),
        )

    def room(self, said: str | None) -> Area | None:
        """The room that is called so."""
        wanted = plain(said or "")
        return next((room for room in self.rooms if wanted in map(plain, room.names)), None)

    def called(self, said: str, room: Area | None = None) -> list[Entity]:
        """The things that are called so; with a room, those of it, and those named with it."""
        wanted = plain(said)
        if room is None:
            return [thing for thing in self.things if wanted in self._spoken(thing)]
        whole = {plain(f"{name} {said}") for name in room.names}
        here = [t for t in self.things if t.room == room.id and wanted in self._spoken(t)]
        named = [t for t in self.things if whole & self._spoken(t)]
        # "the bedroom lamp" may be a thing of that name that stands in no room
        return here + [thing for thing in named if thing not in here]

    @cached_property
    def _names_of(self) -> dict[str, frozenset[str]]:
        return {
            thing.id: frozenset(map(plain, (*thing.names, *self._short(thing))))
            for thing in self.things
        }

    def _spoken(self, thing: Entity) -> frozenset[str]:
        """All that a thing is called, as `plain` writes it."""
        return self._names_of[thing.id]

    def _short(self, thing: Entity) -> Iterator[str]:
        """Its names without the name of its room: "lamp" for the bedroom lamp in the bedroom."""
        room = next((room for room in self.rooms if room.id == thing.room), None)
        for prefix in map(plain, room.names if room else ()):
            for name in map(plain, thing.names):
                if name.startswith(f"{prefix} "):
                    yield name.removeprefix(f"{prefix} ")


def plain(text: str) -> str:
    """A name as it is compared: small letters, and nothing between words but one space."""
    whole = unicodedata.normalize("NFC", text.casefold())  # an accent belongs to its letter
    return _JOINTS.sub(" ", whole).strip()


def sayable(name: object) -> bool:
    """Whether a name can be said at all."""
    return isinstance(name, str) and 0 < len(name) <= _LONGEST and any(map(str.isalnum, name))


def _first(most: int, *groups: Iterable[str]) -> tuple[str, ...]:
    """The first so many different names."""
    found: dict[str, str] = {}
    for group in groups:
        for name in group:
            if len(found) >= most:
                break
            found.setdefault(plain(name), name)
    return tuple(found.values())
