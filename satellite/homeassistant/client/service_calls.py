"""What brains want of the home: actions whose result, in words, becomes part of the reply.

A brain yields `home.do` or `home.ask` in place of the sentence that tells what came of it. Whoever
has the home carries it out and puts the right one of its sentences (`say`) there, so that a brain
on another machine needs neither the token nor the states, and nothing is said before it is true.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from satellite.errors import EngineFailed
from satellite.homeassistant.client.entity_kinds import Deed
from satellite.values import Action, Value

SAY: dict[str, str] = {
    "default": "Done.",
    "missing": "I know no such thing here: {target}.",
    "several": "There is more than one: {things}. Say which one.",
    "room": "In which room?",
    "cannot": "I can't do that with {target}.",
    "silent": "{target} does not answer.",
    "yes": "Yes, {target} is {state}.",
    "no": "No, {target} is {state}.",
    "yes_all": "Yes, they are {state}.",
    "no_all": "No, they are {state}.",
    "some": "Only {things}.",
    "and": "and",
}
"""The sentences for every outcome; a brain that knows better ones sends them along."""

_FIELD = re.compile(r"\{(\w+)\}")


class HomeRequest(Value, frozen=True, kw_only=True):
    """What both have in common."""

    name: str | None = None
    """What is meant, as a person calls it: a name, or a word such as "lights"."""
    area: str | None = None
    """The room that it is in, as a person calls it."""
    all: bool = False
    """All that the name stands for, in all rooms where none is named."""
    target: str = ""
    """The same as part of a sentence: "the kitchen lamp"."""
    say: dict[str, str] = {}  # noqa: RUF012  msgspec copies it
    """Sentences by outcome, instead of `SAY`'s."""

    def sentence(self, outcome: str, **values: Any) -> str:
        """The sentence for an outcome."""
        form = self.say.get(outcome) or SAY.get(outcome) or SAY["default"]
        told = {"target": self.target or self.name or self.area or "it", **values}
        text = _FIELD.sub(lambda field: str(told.get(field[1], "")), form)
        return text[:1].upper() + text[1:]

    def listed(self, things: Sequence[str]) -> str:
        """Things as a person lists them: "a, b and c"."""
        last = f" {self.say.get('and') or SAY['and']} ".join(things[-2:])
        return ", ".join([*things[:-2], last])


class HomeCommand(HomeRequest, frozen=True, kw_only=True):
    """`home.do`: switch or set something."""

    deed: Deed
    value: float | None = None
    """Percent, or degrees as the home counts them."""


class HomeQuery(HomeRequest, frozen=True, kw_only=True):
    """`home.ask`: tell how something is."""

    about: Literal["state", "temperature"] = "state"
    expected: str | None = None
    """The state that a yes or no is asked for, as `on` or `open`."""


KINDS: dict[str, type[HomeCommand] | type[HomeQuery]] = {
    "home.do": HomeCommand,
    "home.ask": HomeQuery,
}
"""The actions' names."""


def action(wish: HomeCommand | HomeQuery) -> Action:
    """The wish as an action that can travel."""
    name = next(name for name, kind in KINDS.items() if type(wish) is kind)
    data = {key: value for key, value in msgspec.to_builtins(wish).items() if value is not None}
    return Action(name=name, data=data)


def read(action: Action) -> HomeCommand | HomeQuery | None:
    """The wish that an action is; None for any other. Raises `EngineFailed` for a malformed one."""
    if (kind := KINDS.get(action.name)) is None:
        return None
    try:
        return msgspec.convert(action.data, kind)
    except msgspec.ValidationError as error:
        raise EngineFailed(f"the brain asked for {action.name!r} wrongly: {error}") from error


def spoken_state(value: str, attributes: Mapping[str, Any]) -> str:
    """A state as it is said: numbers with their unit, words with spaces."""
    unit = str(attributes.get("unit_of_measurement") or "")
    if not unit:
        return value.replace("_", " ")
    return f"{value} {_UNITS.get(unit, unit)}"


_UNITS = {
    "°C": "degrees",
    "°F": "degrees",
    "%": "percent",
    "W": "watts",
    "kWh": "kilowatt hours",
    "lx": "lux",
    "hPa": "hectopascals",
}
"""Units as they are said; Home Assistant's own signs for them."""
