"""Requests to the home: actions whose result, in words, becomes part of the reply.

An engine (llm) yields `home.do` or `home.ask` in place of the sentence that reports the result. The
program that is connected to the home carries the action out and inserts the right one of its
sentences (`say`). An engine on another machine so needs neither the token nor the states, and
nothing is reported before it has happened.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from satellite.errors import EngineFailed
from satellite.homeassistant.client.entity_kinds import Operation
from satellite.homeassistant.client.words import HomeWords, joined, words_of
from satellite.text.quoted import quoted
from satellite.values import Action, Value

Quantity = Literal["any", "all", "which", "how_many"]
"""Questions about all entities of a kind."""

_FIELD = re.compile(r"\{(\w+)\}")


class HomeRequest(Value, frozen=True, kw_only=True):
    """The common part of commands and queries: the entities that are meant."""

    name: str | None = None
    """The spoken name: that of an entity, or a word such as "lights"."""
    kind: str | None = None
    """The kind that is meant, as `light` or `cover.blind`, in place of `name`; older programs do
    not know it, and need a `name` that is an English word for it, too."""
    language: str | None = None
    """The language of the request, in which states, units and lists are said; English, if none."""
    area: str | None = None
    """The spoken name of the room."""
    all: bool = False
    """Whether all entities of that name are meant; in all rooms, if none is named."""
    target: str = ""
    """The same as a part of a sentence: "the kitchen lamp"."""
    say: dict[str, str] = {}  # noqa: RUF012  msgspec copies it
    """Sentences by outcome, in place of those of the language's pack. Besides, `between` and
    `last` join lists; older programs join them with ", " and `and`."""

    def sentence(self, outcome: str, **values: Any) -> str:
        """Return the sentence for an outcome, with the values inserted.

        An outcome that neither the request nor the language has a sentence for is a failure.
        """
        own = self.words.sentences
        form = self.say.get(outcome) or own.get(outcome) or own["cannot"]
        fields = {"target": self.target or self.name or self.area or own.get("it", ""), **values}
        text = _FIELD.sub(lambda field: str(fields.get(field[1], "")), form)
        return text[:1].upper() + text[1:]

    def listed(self, names: Sequence[str]) -> str:
        """Return names as a spoken list: "a, b and c"."""
        say = {**self.words.sentences, **self.say}
        last = say["last"]
        if "last" not in self.say and (conjunction := self.say.get("and")):  # of an older brain
            last = f" {conjunction} "
        return joined(names, say["between"], last)

    @property
    def words(self) -> HomeWords:
        """The words of the request's language."""
        return words_of(self.language)


class HomeCommand(HomeRequest, frozen=True, kw_only=True, rename={"operation": "deed"}):
    """`home.do`: switch or set entities. `operation` is `deed` on the wire, as of version 0.1."""

    operation: Operation
    value: float | None = None
    """Percent, degrees in the unit of the home, or kelvin."""
    color: str | None = None
    """A name of CSS, for `color`."""
    text: str | None = None
    """The item of a list, or what is to be played."""


class HomeQuery(HomeRequest, frozen=True, kw_only=True):
    """`home.ask`: report states."""

    about: Literal["state", "temperature", "sensor", "place", "weather", "list"] = "state"
    """`sensor` is a measured value of `kind`, such as `sensor.humidity`, `place` where a person is,
    and `list` the items on the list `name`."""
    expected: str | None = None
    """The state that a yes-or-no question asks for, such as `on` or `open`."""
    quantity: Quantity | None = None
    """The question about all entities of `kind`, in the expected state."""
    part_of_name: bool = False
    """Whether `name` may be some words of a name, in any order."""
    day: int = 0
    """The days from today to that of the weather."""


KINDS: dict[str, type[HomeCommand] | type[HomeQuery]] = {
    "home.do": HomeCommand,
    "home.ask": HomeQuery,
}
"""The actions' names."""


def action(request: HomeCommand | HomeQuery) -> Action:
    """Return a request as an action, which can be sent."""
    name = next(name for name, kind in KINDS.items() if type(request) is kind)
    data = {key: value for key, value in msgspec.to_builtins(request).items() if value is not None}
    return Action(name=name, data=data)


def read(action: Action) -> HomeCommand | HomeQuery | None:
    """Return the request of an action; None for other actions.

    Raises `EngineFailed` for a malformed request.
    """
    if (kind := KINDS.get(action.name)) is None:
        return None
    try:
        return msgspec.convert(action.data, kind)
    except msgspec.ValidationError as error:
        raise EngineFailed(
            f"malformed request {quoted(action.name)} to the home: {error}"
        ) from error
