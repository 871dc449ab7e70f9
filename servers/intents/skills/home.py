"""Commands and questions for the home, which the satellite connected with it carries out.

Without a home, the answer says so. With one, the answer is made of the sentences in the action once
its result is known (see `satellite.homeassistant.client.service_calls`).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from satellite.homeassistant.client.entities import plain
from satellite.homeassistant.client.entity_kinds import WHITES, Operation
from satellite.homeassistant.client.service_calls import HomeCommand, HomeQuery, Quantity
from satellite.text.fill import fill
from satellite.values import Declined, ReplyRequest
from servers.intents.match import Match
from servers.intents.phrases import Phrases, Words
from servers.intents.skills.home_request import (
    language_of,
    no_home,
    selection,
    send,
    send_or_decline,
    sentences,
)
from servers.intents.skills.skill import Parts, Skill

_THERMOSTAT = "climate"
"""The kind of what has a temperature that is set."""

_SETTING = "HassSetPosition"
"""The intent whose response without a home is that of colors, too: "I can't set the lamp"."""

_STEP = 1.0
"""Degrees of "warmer"."""

_CERTAIN = frozenset(
    {"HassTurnOn", "HassTurnOff", "HassToggle", "HassOpenCover", "HassCloseCover", "LockDoor"}
    | {"UnlockDoor", "RunScene", "HassLightSet", "SetThingVolume"}
)
"""Intents that no other brain is asked for without a home."""

_CERTAIN_STATES = (None, "on", "off", "open", "closed", "locked", "unlocked")
"""States that no other brain is asked for without a home."""

_QUANTITIES: dict[str, Quantity] = {
    "any": "any",
    "all": "all",
    "which": "which",
    "how_many": "how_many",
}
"""Questions about all things of a kind, by the response."""


def command(
    operation: Operation,
    slot: str | None,
    kind: str | None,
    match: Match,
    request: ReplyRequest,
    phrases: Phrases,
) -> Parts:
    """Send a command, with the value of a slot if it takes one, for a kind if nothing is named."""
    value = None if slot is None else float(match.slots[slot])
    fields = selection(match, request, phrases, kind, count=value)
    content = HomeCommand(operation=operation, value=value, **fields)
    sending = send if match.intent in _CERTAIN else send_or_decline
    return sending(content, match, request, phrases)


def set_light(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Set the brightness or the color of lights."""
    color = match.slots.get("color")
    if color is None:
        return command("level", "brightness", None, match, request, phrases)
    fields = selection(match, request, phrases, "light")
    say = fields["say"]
    fields["say"] = {**say, "default": say.get("color", say["default"])}
    kelvin = WHITES.get(color)
    done = (
        HomeCommand(operation="color", color=str(color), **fields)
        if kelvin is None
        else HomeCommand(operation="color_temperature", value=kelvin, **fields)
    )
    setting = msgspec.structs.replace(match, intent=_SETTING)
    return send_or_decline(done, setting, request, phrases)


def set_temperature(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Set the temperature of a thing, or of the thermostats of a room."""
    value = float(match.slots["temperature"]) + float(match.slots.get("half_degree", 0))
    fields = _thermostats(match, request, phrases, value)
    return send(
        HomeCommand(operation="temperature", value=value, **fields), match, request, phrases
    )


def change_temperature(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Make it warmer or cooler, by an amount if one is named."""
    step = float(match.slots.get("step", _STEP))
    value = step if match.slots["temperature_step"] == "up" else -step
    fields = _thermostats(match, request, phrases, None)
    changed = HomeCommand(operation="change_temperature", value=value, **fields)
    return send_or_decline(changed, match, request, phrases)


def query(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Query the state of something, of all things of a kind, or where a person is."""
    state = match.slots.get("state")
    expected = None if state is None else str(state)
    fields = selection(match, request, phrases)
    if match.response in _QUANTITIES and fields["kind"]:
        asked = HomeQuery(
            quantity=_QUANTITIES[match.response], expected=expected, **{**fields, "all": True}
        )
        return send_or_decline(asked, match, request, phrases)
    if match.response == "where":
        place = HomeQuery(about="place", **fields)
        return send_or_decline(place, match, request, phrases)
    if "device" in match.slots:
        return _query_device(match, request, phrases, expected)
    sending = send if expected in _CERTAIN_STATES else send_or_decline
    return sending(HomeQuery(expected=expected, **fields), match, request, phrases)


def query_temperature(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Query the temperature, of a room if one is named."""
    area = match.slots.get("area")
    say = sentences(match, phrases)
    if area:
        form = say.get("area") or say["default"]
        say = {**say, "default": form.replace("{area}", str(area))}
    question = HomeQuery(
        about="temperature",
        area=area,
        target=_temperature_target(area, phrases.words),
        say=say,
        language=language_of(request, phrases),
    )
    return send(question, match, request, phrases)


def query_sensor(match: Match, request: ReplyRequest, phrases: Phrases) -> Parts:
    """Query a measured value: of a thing, of a room, or of the speaker's room."""
    name = match.slots.get("name") or match.slots.get("device")
    kind = f"sensor.{match.slots['device_class']}"
    fields = {**selection(match, request, phrases), "name": name, "kind": kind}
    asked = HomeQuery(about="sensor", **fields)
    if "device" in match.slots and not _is_at_home(str(name), request):
        return (Declined(text=no_home(asked, match, phrases)),)
    return send_or_decline(asked, match, request, phrases)


def _query_device(
    match: Match, request: ReplyRequest, phrases: Phrases, expected: str | None
) -> Parts:
    """Query the state of something that was not named as the home names it."""
    device = str(match.slots["device"])
    named = Match(
        intent=match.intent, response=match.response, slots={**match.slots, "name": device}
    )
    fields = {**selection(named, request, phrases), "part_of_name": True}
    asked = HomeQuery(expected=expected, **fields)
    if not _is_at_home(device, request):
        return (Declined(text=no_home(asked, match, phrases)),)
    return send_or_decline(asked, match, request, phrases)


def _is_at_home(device: str, request: ReplyRequest) -> bool:
    """Return whether the words of a device are in a name of the home."""
    wanted = set(plain(device).split())
    situation = request.situation
    return situation.home and any(wanted <= set(plain(name).split()) for name in situation.names)


def _thermostats(
    match: Match, request: ReplyRequest, phrases: Phrases, value: float | None
) -> dict[str, Any]:
    fields = selection(match, request, phrases, _THERMOSTAT, count=value)
    if "name" not in match.slots:
        fields["target"] = _temperature_target(fields["area"], phrases.words)
    return fields


def _temperature_target(area: Any, words: Words) -> str:
    return fill(words.temperature_in_area, area=area) if area else words.temperature


def _plain(operation: Operation, kind: str | None = None, slot: str | None = None) -> Skill:
    return partial(command, operation, slot, kind)


SKILLS: dict[str, Skill] = {
    "HassTurnOn": _plain("turn_on"),
    "HassTurnOff": _plain("turn_off"),
    "HassToggle": _plain("toggle"),
    "HassOpenCover": _plain("open"),
    "HassCloseCover": _plain("close"),
    "HassStopMoving": _plain("stop"),
    "HassSetPosition": _plain("level", "cover", "position"),
    "HassFanSetSpeed": _plain("level", "fan", "percentage"),
    "HassVacuumStart": _plain("start", "vacuum"),
    "HassVacuumReturnToBase": _plain("dock", "vacuum"),
    "HassLawnMowerStartMowing": _plain("start", "lawn_mower"),
    "HassLawnMowerDock": _plain("dock", "lawn_mower"),
    "LockDoor": _plain("lock"),
    "UnlockDoor": _plain("unlock"),
    "RunScene": _plain("run"),
    "HassLightSet": set_light,
    "SetThingVolume": _plain("level", "media_player", "volume_level"),
    "HassClimateSetTemperature": set_temperature,
    "ChangeTemperature": change_temperature,
    "HassGetState": query,
    "SensorStatus": query_sensor,
    "HassClimateGetTemperature": query_temperature,
}
