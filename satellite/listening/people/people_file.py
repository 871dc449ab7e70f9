"""The voices of the people of one satellite, in a file that only its user can read."""

from __future__ import annotations

import math
from typing import Annotated

import msgspec

from satellite.errors import UsageError
from satellite.lib.persistence import StoredValue
from satellite.options import unknown_name

MOST_PEOPLE = 32
MOST_PRINTS = 16
"""Recordings of one person."""
_FEWEST, _DIMENSIONS = 8, 1024
"""Numbers of a voiceprint: real ones have 192 to 512."""

PersonName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^\S[^\x00-\x1f\[\]]*\Z")
]
Print = Annotated[tuple[float, ...], msgspec.Meta(max_length=_DIMENSIONS)]


class Person(msgspec.Struct, frozen=True):
    """One person, with a voiceprint for each recording."""

    name: PersonName
    prints: Annotated[tuple[Print, ...], msgspec.Meta(max_length=MOST_PRINTS)]

    def __post_init__(self) -> None:
        lengths = {len(each) for each in self.prints}
        if len(lengths) != 1 or min(lengths) < _FEWEST:
            raise ValueError("the voiceprints have no common length")
        if not all(math.isfinite(number) for each in self.prints for number in each):
            raise ValueError("a voiceprint holds what is no number")


class People(msgspec.Struct, frozen=True):
    """All people, and the model that made their voiceprints: those of another cannot be compared
    with them."""

    model: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    """Path of the network."""
    sha256: Annotated[str, msgspec.Meta(max_length=64)] = ""
    people: Annotated[tuple[Person, ...], msgspec.Meta(max_length=MOST_PEOPLE)] = ()


class PeopleFile:
    """The stored people of one satellite."""

    def __init__(self, satellite: str) -> None:
        self._stored: StoredValue[People] = StoredValue.for_satellite(
            "people", satellite, People, People()
        )
        self.path = self._stored.file

    @property
    def version(self) -> tuple[int, int]:
        """A value that changes with the file."""
        try:
            found = self.path.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_size)

    def read(self) -> People:
        """Return the people. What cannot be used is set aside and logged."""
        return self._stored.read()

    def add(self, person: Person, model: str, sha256: str) -> None:
        """Store a person, in place of one of that name. Raises `UsageError`."""

        def added(stored: People) -> People:
            others = tuple(each for each in stored.people if each.name != person.name)
            if others and stored.sha256 != sha256:
                names = " ".join(each.name for each in others)
                raise UsageError(
                    f"the voices of {names} were stored with another model ({stored.model}): use "
                    f"that one, or remove them first: satellite people remove {names}"
                )
            if len(others) >= MOST_PEOPLE:
                raise UsageError(f"{MOST_PEOPLE} people are stored already: remove one first")
            return People(model=model, sha256=sha256, people=(*others, person))

        self._stored.change(added)

    def remove(self, name: str) -> None:
        """Delete a person's voiceprints. Raises `UsageError` for an unknown one."""

        def removed(stored: People) -> People:
            others = tuple(each for each in stored.people if each.name != name)
            if len(others) == len(stored.people):
                raise UsageError(unknown_name(name, {each.name: each for each in stored.people}))
            return msgspec.structs.replace(stored, people=others)

        self._stored.change(removed)
