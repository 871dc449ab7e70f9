"""Things in the home: on, off, brightness."""

from __future__ import annotations

from functools import partial
from typing import Any

from satellite.values import Action, ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases, Words
from servers.intents.skills.skill import Parts, Skill


def switch(kind: str, match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Ask for `kind` (turn_on, turn_off, brightness), or say that no home is connected."""
    name, area, group = (match.slots.get(slot) for slot in ("name", "area", "group"))
    said: dict[str, Any] = {"target": _target(name, area, group, phrases.words)}
    data = {"intent": kind, "name": name or group, "area": area}
    if kind == "brightness":
        said["brightness"] = data["brightness"] = round(float(match.slots["brightness"]))
    if not request.situation.home:
        return (phrases.say(match.intent, "no_home", **said),)
    return phrases.say(match.intent, match.response, **said), Action(name="home", data=data)


def _target(name: Any, area: Any, group: Any, words: Words) -> str:
    if group:
        return words.group_in_area.format(name=group, area=area) if area else str(group)
    if name and area:
        return words.thing_in_area.format(name=name, area=area)
    return words.thing.format(name=name or area)


SKILLS: dict[str, Skill] = {
    "HassTurnOn": partial(switch, "turn_on"),
    "HassTurnOff": partial(switch, "turn_off"),
    "HassLightSet": partial(switch, "brightness"),
}
