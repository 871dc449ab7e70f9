"""Sentences of the package home-assistant-intents as intents and slots of the built-in brain.

Only what is mapped here is read from the package: its other sentences would be matched for nothing.
Names of its intents, slots and `slot_combination`s are those of
https://developers.home-assistant.io/docs/intent_builtin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from satellite.homeassistant.client.entity_kinds import WHITES

_TIMERS = frozenset({"default", "name_only", "hours_only", "minutes_only", "seconds_only"})
_PARTS = ("hours", "minutes", "seconds")
_DURATIONS = frozenset(
    f"{before}{duration}"
    for before in ("", "name_")
    for duration in (
        *_PARTS,
        *(f"{part}_only" for part in _PARTS),
        *("hours_minutes", "hours_seconds", "minutes_seconds", "hours_minutes_seconds"),
    )
)
_COMMANDS = frozenset(f"command_{name}" for name in _DURATIONS)
_ANYWHERE = frozenset({"default", "area_only", "name_only"})

_SAME: dict[str, frozenset[str]] = {
    "HassBroadcast": frozenset({"message_only"}),
    "HassCancelAllTimers": frozenset({"default"}),
    "HassCancelTimer": _TIMERS,
    "HassClimateGetTemperature": frozenset({"default", "area_only"}),
    "HassClimateSetTemperature": frozenset(
        {"temperature_only", "area_temperature", "name_temperature"}
    ),
    "HassDecreaseTimer": _DURATIONS,
    "HassFanSetSpeed": _ANYWHERE,
    "HassGetCurrentDate": frozenset({"default"}),
    "HassGetCurrentTime": frozenset({"default"}),
    "HassGetWeather": frozenset({"default"}),
    "HassIncreaseTimer": _DURATIONS,
    "HassLawnMowerDock": frozenset({"default", "name_only"}),
    "HassLawnMowerStartMowing": frozenset({"default", "name_only"}),
    "HassListAddItem": frozenset({"name_item"}),
    "HassListCompleteItem": frozenset({"name_item"}),
    "HassListRemoveItem": frozenset({"name_item"}),
    "HassMediaNext": _ANYWHERE,
    "HassMediaPause": _ANYWHERE,
    "HassMediaPlayerMute": frozenset({"default"}),
    "HassMediaPlayerUnmute": frozenset({"default"}),
    "HassMediaPrevious": _ANYWHERE,
    "HassMediaSearchAndPlay": _ANYWHERE | {"name_area"},
    "HassMediaUnpause": _ANYWHERE,
    "HassNevermind": frozenset({"default"}),
    "HassPauseTimer": _TIMERS,
    "HassSetPosition": frozenset({"name_only", "name_area", "device_class", "area_device_class"}),
    "HassSetVolume": frozenset({"default"}),
    "HassSetVolumeRelative": frozenset({"default"}),
    "HassStartTimer": _DURATIONS | _COMMANDS,
    "HassTimerStatus": _TIMERS,
    "HassUnpauseTimer": _TIMERS,
    "HassVacuumReturnToBase": frozenset({"area_only", "name_only"}),
    "HassVacuumStart": frozenset({"area_only", "name_only"}),
}
"""Intents of the same name and slots here, with the combinations of slots that are understood."""

_RENAMED: dict[tuple[str, str], str] = {
    ("HassSetVolume", "name_only"): "SetThingVolume",
    ("HassShoppingListAddItem", "item_only"): "HassListAddItem",
    ("HassShoppingListCompleteItem", "item_only"): "HassListCompleteItem",
    ("HassVacuumCleanArea", "area_only"): "HassVacuumStart",
    ("HassVacuumCleanArea", "context_area"): "HassVacuumStart",
    ("HassVacuumCleanArea", "name_area"): "HassVacuumStart",
}

_SWITCHED = {
    "HassTurnOn": {
        "cover": "HassOpenCover",
        "lock": "LockDoor",
        **dict.fromkeys(("scene", "script", "button", "input_button"), "RunScene"),
        "valve": "",
    },
    "HassTurnOff": {"cover": "HassCloseCover", "lock": "UnlockDoor", "valve": ""},
}
"""Turning on and off, by domain; empty for a domain whose words are those for covers."""

_SWITCHES = frozenset(
    {"name_only", "name_area", "area_domain", "domain_only", "domain_all", "name_scene"}
    | {"name_script", "name_button", "name_area_scene", "device_class_cover"}
    | {"area_device_class_cover"}
)
_LIGHTS = frozenset(
    f"{where}_{value}"
    for where in ("name", "area")
    for value in ("brightness", "color", "temperature")
) | {"brightness_only", "color_only", "temperature_only"}
_STATES = frozenset(
    {"name_only", "name_state", "name_state_area", "name_where", "domain_state"}
    | {"domain_state_area", "device_class_state", "device_class_state_area"}
)
_RESPONSES = {"hello": "HassRespond", "commands": "Help"}

_QUESTIONS = frozenset({"any", "all", "which", "how_many", "where"})
"""Responses of HassGetState that are here, too; the others are its usual one."""

_WHITES = {kelvin: code for code, kelvin in WHITES.items()}

_OPENINGS = ("bs_open_states", "bs_door_states")
_OPEN = {"on": "open", "off": "closed"}
"""States of the sensor at a window, for which covers, and the answers, have other words."""

LAST = frozenset({"RunScene"})
"""Intents whose sentences fit any name, and are taken where no other one fits."""

VALUED = frozenset(
    {"HassLightSet", "HassSetPosition", "HassFanSetSpeed", "HassClimateSetTemperature"}
    | {"SetThingVolume", "HassSetVolume", "HassSetVolumeRelative"}
)
"""Intents whose sentences may be a name and a value, such as "lamp red"."""

DELAYED = frozenset(
    {"HassTurnOn", "HassTurnOff", "HassToggle", "HassOpenCover", "HassCloseCover", "LockDoor"}
    | {"UnlockDoor", "RunScene", "HassLightSet", "HassClimateSetTemperature", "HassSetPosition"}
    | {"HassFanSetSpeed", "HassVacuumStart", "HassVacuumReturnToBase", "HassLawnMowerDock"}
    | {"HassLawnMowerStartMowing", "HassMediaPause", "HassMediaUnpause", "SetThingVolume"}
    | {"HassSetVolume", "MediaStop", "ChangeTemperature", "HassStopMoving"}
)
"""Intents of commands that may be done later: "turn off the light in ten minutes"."""

COMMAND = "conversation_command"


class Target(msgspec.Struct, frozen=True):
    """The intent of a block of sentences, its response, and slots that all of them set."""

    intent: str
    response: str = "default"
    slots: dict[str, Any] = {}


def target_of(intent: str, data: Mapping[str, Any]) -> Target | None:
    """Return the intent here of a block of the package's sentences; None if it has none."""
    combination = (data.get("metadata") or {}).get("slot_combination", "")
    slots = dict(data.get("slots") or {})
    if combination in _SAME.get(intent, ()):
        return Target(intent, slots=slots)
    if (renamed := _RENAMED.get((intent, combination))) is not None:
        return Target(renamed, slots=slots)
    response = data.get("response", "")
    match intent:
        case "HassTurnOn" | "HassTurnOff" if combination in _SWITCHES:
            return _switched(intent, combination, slots, data)
        case "HassLightSet" if combination in _LIGHTS:
            return Target(intent, slots=slots)
        case "HassRespond" if response in _RESPONSES:
            same = _RESPONSES[response] == intent
            return Target(_RESPONSES[response], response if same else "default")
        case "HassGetState" if combination in _STATES:
            return Target(intent, response if response in _QUESTIONS else "default", slots)
    return None


def _switched(
    intent: str, combination: str, slots: dict[str, Any], data: Mapping[str, Any]
) -> Target | None:
    domains = (data.get("requires_context") or {}).get("domain") or []
    domain = slots.get("domain") or (domains[0] if domains else "")
    name = _SWITCHED[intent].get(domain, intent)
    if combination == "domain_all":
        slots = {"group": domain}
    return Target(name, slots=slots) if name else None


def lists_of(lists: Mapping[str, Any]) -> dict[str, Any]:
    """Return the package's lists with the codes of states here, and one of floors, with none."""
    mapped = {name: _range_of_its_own(values) for name, values in lists.items()}
    mapped["floor"] = {"values": []}
    for name in _OPENINGS:
        if values := (lists.get(name) or {}).get("values"):
            mapped[name] = {"values": [{**v, "out": _OPEN.get(v["out"], v["out"])} for v in values]}
    return mapped


def _range_of_its_own(values: Any) -> Any:
    """Return a list whose numbers are multiplied with a bound that no other list has.

    hassil stores number words, with their multiplied values, by the bounds alone: those of another
    list would come out multiplied, or these would not.
    """
    limits = values.get("range") if isinstance(values, Mapping) else None
    if not isinstance(limits, Mapping) or limits.get("multiplier") is None:
        return values
    return {**values, "range": {**limits, "to": limits["to"] + 1}}


def slots_of(intent: str, slots: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the slots here of a matched sentence; None if it cannot be understood."""
    mapped = dict(slots)
    for part in _PARTS:
        if (start := mapped.pop(f"start_{part}", None)) is not None:
            mapped[part] = start
    match intent:
        case "HassSetVolumeRelative":
            step = mapped.get("volume_step")
            if isinstance(step, int | float):
                mapped |= {"volume_step": "up" if step > 0 else "down", "step": abs(step)}
        case "HassLightSet" if "temperature" in mapped:
            color = _WHITES.get(mapped.pop("temperature"))
            return None if color is None else {**mapped, "color": color}
        case "HassListAddItem" | "HassListCompleteItem" | "HassListRemoveItem" if "name" in mapped:
            mapped["list"] = mapped.pop("name")
    return mapped
