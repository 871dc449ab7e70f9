"""The contents of a home by their spoken names: the exposed entities and their rooms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cached_property

import msgspec

from satellite.homeassistant.client.entity_kinds import EntityKind
from satellite.languages.names import names_of
from satellite.values import Value

MOST_NAMES = 300
"""Names that speech recognition prefers; more of them lower its accuracy."""

MOST_ROOMS = 60
"""Rooms whose names speech recognition prefers."""

MOST_ENTITIES = 1000
"""Exposed entities that are read; Home Assistant itself advises against more than some dozens."""

_LONGEST = 80
"""Characters of the longest name that is spoken."""

_JOINTS = re.compile(r"[^\w']+|_")


class Entity(Value, frozen=True):
    """An exposed entity."""

    id: str
    """Such as light.kitchen_ceiling."""
    names: tuple[str, ...]
    """The displayed name, then the aliases."""
    room: str | None = None
    """The id of its area."""
    device_class: str | None = None

    @property
    def domain(self) -> str:
        """The domain of the entity, such as light or cover."""
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        """The displayed name."""
        return self.names[0]


class Area(Value, frozen=True):
    """An area."""

    id: str
    names: tuple[str, ...]
    """The name, then the aliases."""
    thermometer: str | None = None
    """The id of the entity that measures its temperature, if one was chosen."""


class Contents(msgspec.Struct, frozen=True, kw_only=True, dict=True, rename={"entities": "things"}):
    """Everything in a home that has a name; empty for an unknown home.

    `entities` are `things` in the files of `stored_home`.
    """

    entities: tuple[Entity, ...] = ()
    rooms: tuple[Area, ...] = ()
    satellites: dict[str, str] = {}
    """The device ids of Home Assistant's Wyoming satellites, by their names."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names for requests in English; see `names_in`."""
        return self.names_in(None)

    def names_in(self, language: str | None) -> tuple[str, ...]:
        """Return the names for speech recognition, likeliest first; at most `MOST_NAMES`.

        The words for the kinds of entities among them are those of the language.
        """
        if (found := self._names_in.get(language)) is None:
            found = self._names_in[language] = self._spoken_names(language)
        return found

    @cached_property
    def _names_in(self) -> dict[str | None, tuple[str, ...]]:
        return {}

    def _spoken_names(self, language: str | None) -> tuple[str, ...]:
        words = names_of(language)
        kinds = [
            tuple(words.words_of(code))
            for code in words.kinds
            if any(map(EntityKind.parse(code).fits, self.entities))
        ]
        return _first(
            MOST_NAMES,
            (entity.name for entity in self.entities),
            (word for words in kinds for word in words),
            (alias for entity in self.entities for alias in entity.names[1:]),
            (short for entity in self.entities for short in self._short(entity)),
        )

    @cached_property
    def areas(self) -> tuple[str, ...]:
        """The names of rooms for speech recognition; at most `MOST_ROOMS`."""
        return _first(
            MOST_ROOMS,
            (room.names[0] for room in self.rooms),
            (alias for room in self.rooms for alias in room.names[1:]),
        )

    def room(self, name: str | None) -> Area | None:
        """Return the room of a spoken name."""
        wanted = plain(name or "")
        return next((room for room in self.rooms if wanted in map(plain, room.names)), None)

    def called(self, spoken_name: str, room: Area | None = None) -> list[Entity]:
        """Return the entities of a spoken name; with a room, those in it or named after it."""
        wanted = plain(spoken_name)
        if room is None:
            return [entity for entity in self.entities if wanted in self._spoken(entity)]
        whole = {plain(f"{name} {spoken_name}") for name in room.names}
        here = [t for t in self.entities if t.room == room.id and wanted in self._spoken(t)]
        named = [t for t in self.entities if whole & self._spoken(t)]
        # "the bedroom lamp" may be an entity of that name without a room
        return here + [entity for entity in named if entity not in here]

    @cached_property
    def _names_of(self) -> dict[str, frozenset[str]]:
        return {
            entity.id: frozenset(map(plain, (*entity.names, *self._short(entity))))
            for entity in self.entities
        }

    def _spoken(self, entity: Entity) -> frozenset[str]:
        """Return every name of an entity, as `plain` writes it."""
        return self._names_of[entity.id]

    def _short(self, entity: Entity) -> Iterator[str]:
        """Yield names without that of the room: "lamp" for the bedroom lamp in the bedroom."""
        room = next((room for room in self.rooms if room.id == entity.room), None)
        for prefix in map(plain, room.names if room else ()):
            for name in map(plain, entity.names):
                if name.startswith(f"{prefix} "):
                    yield name.removeprefix(f"{prefix} ")


def plain(text: str) -> str:
    """Return a name for comparison: in lower case, one space between words."""
    whole = unicodedata.normalize("NFC", text.casefold())  # an accent belongs to its letter
    return _JOINTS.sub(" ", whole).strip()


def sayable(name: object) -> bool:
    """Return whether a name can be spoken."""
    return isinstance(name, str) and 0 < len(name) <= _LONGEST and any(map(str.isalnum, name))


def _first(most: int, *groups: Iterable[str]) -> tuple[str, ...]:
    """Return the first `most` different names."""
    found: dict[str, str] = {}
    for group in groups:
        for name in group:
            if len(found) >= most:
                break
            found.setdefault(plain(name), name)
    return tuple(found.values())
