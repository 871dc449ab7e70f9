"""Things in the home: what a sentence wishes, for whoever is connected with the home to carry out.

Without a home there is only the truth to be told. With one, the answer is made when it is known
what came of it (see `satellite.homeassistant.client.service_calls`), of the sentences that are sent
along.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from satellite.homeassistant.client.entity_kinds import Deed
from satellite.homeassistant.client.service_calls import HomeCommand, HomeQuery, action
from satellite.values import ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases, Words
from servers.intents.skills.skill import Parts, Skill

LIGHTS = "lights"
"""The word for the sort of things that the group of all lights stands for; any other is all."""


def command(
    deed: Deed, slot: str | None, match: Match, request: ReplyRequest, phrases: Phrases
) -> Parts:
    """Wish for a deed, with the value of a slot if it takes one."""
    value = None if slot is None else float(match.slots[slot])
    return _send(
        HomeCommand(deed=deed, value=value, **_selection(match, phrases)), match, request, phrases
    )


def set_temperature(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Wish for a temperature of a thing, or of the thermostats of a room."""
    meant = _selection(match, phrases)
    if meant["name"] is None:
        meant |= {"name": "thermostat", "target": _temperature_target(meant["area"], phrases.words)}
    value = float(match.slots["temperature"])
    return _send(HomeCommand(deed="temperature", value=value, **meant), match, request, phrases)


def query(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Ask how something is, or whether it is as was said."""
    expected = match.slots.get("state")
    return _send(
        HomeQuery(expected=expected, **_selection(match, phrases)), match, request, phrases
    )


def query_temperature(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Ask how warm it is."""
    area = match.slots.get("area")
    target = _temperature_target(area, phrases.words)
    wish = HomeQuery(about="temperature", area=area, target=target, say=_sentences(match, phrases))
    if area:
        form = wish.say.get("area") or wish.say["default"]
        wish = HomeQuery(
            about="temperature",
            area=area,
            target=target,
            say={**wish.say, "default": form.replace("{area}", str(area))},
        )
    return _send(wish, match, request, phrases)


def _send(
    wish: HomeCommand | HomeQuery, match: Match, request: ReplyRequest, phrases: Phrases
) -> Parts:
    if not request.situation.home:
        return (phrases.say(match.intent, "no_home", target=wish.target),)
    return (action(wish),)


def _selection(match: Match, phrases: Phrases) -> dict[str, Any]:
    """The fields of a wish that say what is meant."""
    name, area, group = (match.slots.get(slot) for slot in ("name", "area", "group"))
    lights = group is not None and LIGHTS in group
    return {
        "name": (LIGHTS if lights else None) if group else name,
        "area": area,
        "all": group is not None,
        "target": _target(name, area, group, phrases.words),
        "say": _sentences(match, phrases),
    }


def _sentences(match: Match, phrases: Phrases) -> dict[str, str]:
    """What may be said of the result, without what is said where there is no home."""
    say = {**phrases.all("Home"), **phrases.all(match.intent)}
    say.pop("no_home", None)
    if match.response != "default" and match.response in say:
        say["default"] = say[match.response]
    return say


def _target(name: Any, area: Any, group: Any, words: Words) -> str:
    if group:
        return words.group_in_area.format(name=group, area=area) if area else str(group)
    if name and area:
        return words.thing_in_area.format(name=name, area=area)
    return words.thing.format(name=name or area or "")


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
