"""Commands and questions for the home, which the satellite connected with it carries out.

Without a home, the answer says so. With one, the answer is made of the sentences in the action once
its result is known (see `satellite.homeassistant.client.service_calls`).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from satellite.homeassistant.client.entity_kinds import Operation
from satellite.homeassistant.client.service_calls import HomeCommand, HomeQuery, action
from satellite.languages.names import names_of
from satellite.languages.pack import ENGLISH
from satellite.values import ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases, Words
from servers.intents.skills.skill import Parts, Skill

EVERYTHING = "everything"
"""The code of the list `group` for all that is on or off; every other one is a kind of things."""

THERMOSTAT = "climate"
"""The kind of what has a temperature that is set."""


def command(
    operation: Operation, slot: str | None, match: Match, request: ReplyRequest, phrases: Phrases
) -> Parts:
    """Send a command, with the value of a slot if it takes one."""
    value = None if slot is None else float(match.slots[slot])
    return _send(
        HomeCommand(operation=operation, value=value, **_selection(match, request, phrases)),
        match,
        request,
        phrases,
    )


def set_temperature(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Set the temperature of a thing, or of the thermostats of a room."""
    selection = _selection(match, request, phrases)
    if selection["name"] is None:
        target = _temperature_target(selection["area"], phrases.words)
        selection |= {"kind": THERMOSTAT, "name": _english(THERMOSTAT), "target": target}
    value = float(match.slots["temperature"]) + float(match.slots.get("half_degree", 0))
    return _send(
        HomeCommand(operation="temperature", value=value, **selection), match, request, phrases
    )


def query(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Query the state of something, or whether it has an expected state."""
    expected = match.slots.get("state")
    return _send(
        HomeQuery(expected=expected, **_selection(match, request, phrases)), match, request, phrases
    )


def query_temperature(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Query the temperature, of a room if one is named."""
    area = match.slots.get("area")
    target = _temperature_target(area, phrases.words)
    say = _sentences(match, phrases)
    if area:
        form = say.get("area") or say["default"]
        say = {**say, "default": form.replace("{area}", str(area))}
    question = HomeQuery(
        about="temperature", area=area, target=target, say=say, language=request.language
    )
    return _send(question, match, request, phrases)


def _send(
    content: HomeCommand | HomeQuery, match: Match, request: ReplyRequest, phrases: Phrases
) -> Parts:
    if not request.situation.home:
        return (phrases.say(match.intent, "no_home", target=content.target),)
    return (action(content),)


def _selection(match: Match, request: ReplyRequest, phrases: Phrases) -> dict[str, Any]:
    """Return the fields of an action that select things."""
    name, area, group = (match.slots.get(slot) for slot in ("name", "area", "group"))
    kind = None if group == EVERYTHING else group
    return {
        "name": _english(kind, every=True) if kind else None if group else name,
        "kind": kind,
        "language": request.language,
        "area": area,
        "all": group is not None,
        "target": _target(name, area, group, phrases.words),
        "say": _sentences(match, phrases),
    }


def _sentences(match: Match, phrases: Phrases) -> dict[str, str]:
    """Return the sentences for all results, without the sentence for a missing home."""
    say = {**phrases.all("Home"), **phrases.all(match.intent)}
    say.pop("no_home", None)
    if match.response != "default" and match.response in say:
        say["default"] = say[match.response]
    return say


def _target(name: Any, area: Any, group: Any, words: Words) -> str:
    if group:
        named = words.groups.get(group, str(group))
        return words.group_in_area.format(name=named, area=area) if area else named
    if name and area:
        return words.thing_in_area.format(name=name, area=area)
    return words.thing.format(name=name or area or "")


def _english(kind: str, *, every: bool = False) -> str | None:
    """Return the English word for a kind: the `name` for programs that do not know `kind`."""
    words = names_of(ENGLISH).kinds.get(kind)
    if words is None:
        return None
    return next(iter(words.all if every else words.single), None)


def _temperature_target(area: Any, words: Words) -> str:
    return words.temperature_in_area.format(area=area) if area else words.temperature


SKILLS: dict[str, Skill] = {
    "HassTurnOn": partial(command, "turn_on", None),
    "HassTurnOff": partial(command, "turn_off", None),
    "HassToggle": partial(command, "toggle", None),
    "HassOpenCover": partial(command, "open", None),
    "HassCloseCover": partial(command, "close", None),
    "LockDoor": partial(command, "lock", None),
    "UnlockDoor": partial(command, "unlock", None),
    "RunScene": partial(command, "run", None),
    "HassLightSet": partial(command, "level", "brightness"),
    "SetThingVolume": partial(command, "level", "volume_level"),
    "HassClimateSetTemperature": set_temperature,
    "HassGetState": query,
    "HassClimateGetTemperature": query_temperature,
}
