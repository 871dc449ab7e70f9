"""Requests to the home: actions whose result, in words, becomes part of the reply.

An engine (llm) yields `home.do` or `home.ask` in place of the sentence that reports the result. The
program that is connected to the home carries the action out and inserts the right one of its
sentences (`say`). An engine on another machine so needs neither the token nor the states, and
nothing is reported before it has happened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from satellite.errors import EngineFailed
from satellite.homeassistant.client.entity_kinds import Operation
from satellite.text.quoted import quoted
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
"""The sentences for every outcome; an engine that knows better ones sends them in `say`."""

_FIELD = re.compile(r"\{(\w+)\}")


class HomeRequest(Value, frozen=True, kw_only=True):
    """The common part of commands and queries: the entities that are meant."""

    name: str | None = None
    """The spoken name: that of an entity, or a word such as "lights"."""
    area: str | None = None
    """The spoken name of the room."""
    all: bool = False
    """Whether all entities of that name are meant; in all rooms, if none is named."""
    target: str = ""
    """The same as a part of a sentence: "the kitchen lamp"."""
    say: dict[str, str] = {}  # noqa: RUF012  msgspec copies it
    """Sentences by outcome, in place of those of `SAY`."""

    def sentence(self, outcome: str, **values: Any) -> str:
        """Return the sentence for an outcome, with the values inserted."""
        form = self.say.get(outcome) or SAY.get(outcome) or SAY["default"]
        fields = {"target": self.target or self.name or self.area or "it", **values}
        text = _FIELD.sub(lambda field: str(fields.get(field[1], "")), form)
        return text[:1].upper() + text[1:]

    def listed(self, names: Sequence[str]) -> str:
        """Return names as a spoken list: "a, b and c"."""
        last = f" {self.say.get('and') or SAY['and']} ".join(names[-2:])
        return ", ".join([*names[:-2], last])


class HomeCommand(HomeRequest, frozen=True, kw_only=True, rename={"operation": "deed"}):
    """`home.do`: switch or set entities. `operation` is `deed` on the wire, as of version 0.1."""

    operation: Operation
    value: float | None = None
    """Percent, or degrees in the unit of the home."""


class HomeQuery(HomeRequest, frozen=True, kw_only=True):
    """`home.ask`: report states."""

    about: Literal["state", "temperature"] = "state"
    expected: str | None = None
    """The state that a yes-or-no question asks for, such as `on` or `open`."""


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


def spoken_state(value: str, attributes: Mapping[str, Any]) -> str:
    """Return a state for speech: numbers with their unit, words with spaces."""
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
"""Spoken units, by Home Assistant's signs for them."""
