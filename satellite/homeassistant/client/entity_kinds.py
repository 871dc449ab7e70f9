"""Kinds of entities, and the services of each.

Services are those of https://www.home-assistant.io/integrations/ for each domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import msgspec

Operation = Literal[
    "turn_on",
    "turn_off",
    "toggle",
    "open",
    "close",
    "lock",
    "unlock",
    "run",
    "level",
    "temperature",
    "color",
    "color_temperature",
    "start",
    "dock",
    "stop",
    "pause",
    "resume",
    "next",
    "previous",
    "play",
    "change_temperature",
    "add_item",
    "complete_item",
    "remove_item",
]
"""An operation on an entity. These take a value: `level` in percent, `temperature` and
`change_temperature` in degrees, `color_temperature` in kelvin."""

WITH_VALUE = frozenset({"level", "temperature", "color_temperature"})
"""Operations that are one service with a number."""


class _Classified(Protocol):
    @property
    def domain(self) -> str: ...
    @property
    def device_class(self) -> str | None: ...


class EntityKind(msgspec.Struct, frozen=True):
    """A domain of entities, or one device class of it."""

    domain: str
    device_class: str | None = None

    def fits(self, entity: _Classified) -> bool:
        """Return whether an entity is of this kind."""
        return entity.domain == self.domain and self.device_class in (None, entity.device_class)

    @classmethod
    def parse(cls, code: str) -> EntityKind:
        """Return the kind of a code: `light`, or `cover.blind`."""
        domain, _, device_class = code.partition(".")
        return cls(domain, device_class or None)


WHITES = {"candle_light": 1900, "warm_white": 2700, "cool_white": 4000, "daylight": 6500}
"""Temperatures of white in kelvin, by the codes of their words in language packs; those of
home-assistant-intents."""

EVERYTHING = frozenset({"light", "switch", "fan", "input_boolean", "media_player"})
"""Domains that "everything" means: those that are on or off. Never doors, locks or scripts."""

_SIMPLE = (
    *("light", "switch", "fan", "input_boolean", "media_player", "climate", "humidifier"),
    *("siren", "remote", "water_heater"),
)

_SERVICES: dict[Operation, dict[str, str]] = {
    "turn_on": {
        **dict.fromkeys(_SIMPLE, "turn_on"),
        "script": "turn_on",
        "scene": "turn_on",
        "automation": "turn_on",
        "cover": "open_cover",
        "valve": "open_valve",
        "vacuum": "start",
        "button": "press",
        "input_button": "press",
    },
    "turn_off": {
        **dict.fromkeys(_SIMPLE, "turn_off"),
        "script": "turn_off",
        "automation": "turn_off",
        "cover": "close_cover",
        "valve": "close_valve",
        "vacuum": "return_to_base",
    },
    "toggle": {
        **dict.fromkeys(("light", "switch", "fan", "input_boolean", "media_player"), "toggle"),
        **dict.fromkeys(("humidifier", "siren", "cover", "valve", "climate"), "toggle"),
    },
    "open": {"cover": "open_cover", "valve": "open_valve"},
    "close": {"cover": "close_cover", "valve": "close_valve"},
    "lock": {"lock": "lock"},
    "unlock": {"lock": "unlock"},
    "run": {
        "script": "turn_on",
        "scene": "turn_on",
        "automation": "trigger",
        "button": "press",
        "input_button": "press",
    },
    "level": {
        "light": "turn_on",
        "media_player": "volume_set",
        "fan": "set_percentage",
        "cover": "set_cover_position",
        "valve": "set_valve_position",
        "humidifier": "set_humidity",
    },
    "temperature": {"climate": "set_temperature", "water_heater": "set_temperature"},
    "change_temperature": {"climate": "set_temperature", "water_heater": "set_temperature"},
    "color": {"light": "turn_on"},
    "color_temperature": {"light": "turn_on"},
    "start": {"vacuum": "start", "lawn_mower": "start_mowing"},
    "dock": {"vacuum": "return_to_base", "lawn_mower": "dock"},
    "stop": {
        "media_player": "media_stop",
        "cover": "stop_cover",
        "valve": "stop_valve",
        "vacuum": "stop",
    },
    "pause": {"media_player": "media_pause", "vacuum": "pause", "lawn_mower": "pause"},
    "resume": {"media_player": "media_play", "vacuum": "start", "lawn_mower": "start_mowing"},
    "next": {"media_player": "media_next_track"},
    "previous": {"media_player": "media_previous_track"},
    "play": {"media_player": "play_media"},
    "add_item": {"todo": "add_item"},
    "complete_item": {"todo": "update_item"},
    "remove_item": {"todo": "remove_item"},
}

_LEVELS = {
    "light": "brightness_pct",
    "media_player": "volume_level",
    "fan": "percentage",
    "cover": "position",
    "valve": "position",
    "humidifier": "humidity",
}
"""The field for the level in the service of each domain."""


_FEATURES: dict[tuple[Operation, str], int] = {
    ("level", "cover"): 4,
    ("level", "fan"): 1,
    ("level", "media_player"): 4,
    ("level", "valve"): 4,
    ("pause", "media_player"): 1,
    ("previous", "media_player"): 16,
    ("next", "media_player"): 32,
    ("stop", "media_player"): 4096,
    ("resume", "media_player"): 16384,
    ("play", "media_player"): 512 | 1 << 22,
    ("start", "vacuum"): 8192,
    ("dock", "vacuum"): 16,
    ("start", "lawn_mower"): 1,
    ("dock", "lawn_mower"): 4,
    ("add_item", "todo"): 1,
    ("remove_item", "todo"): 2,
    ("complete_item", "todo"): 4,
}
"""The bit of `supported_features` that an entity needs: those of Home Assistant's classes
`MediaPlayerEntityFeature`, `CoverEntityFeature` and so on. `play` needs a search for media."""

_COLOR_MODES = frozenset({"hs", "rgb", "rgbw", "rgbww", "xy"})
"""The `supported_color_modes` of lights that have colors; those make white of any kind, too."""


def supports(operation: Operation, domain: str, attributes: Mapping[str, Any]) -> bool:
    """Return whether an entity with these attributes supports an operation of its domain.

    Home Assistant ignores a color that a light does not have, and refuses other operations.
    """
    if operation in ("color", "color_temperature"):
        modes = attributes.get("supported_color_modes")
        white = {"color_temp"} if operation == "color_temperature" else set()
        return not isinstance(modes, list) or not (_COLOR_MODES | white).isdisjoint(modes)
    needed = _FEATURES.get((operation, domain), 0)
    features = attributes.get("supported_features")
    return not isinstance(features, int) or features & needed == needed


class Service(msgspec.Struct, frozen=True):
    """A service of Home Assistant and its data."""

    domain: str
    name: str
    data: dict[str, Any]


def service(
    operation: Operation, domain: str, value: float | None = None, color: str | None = None
) -> Service | None:
    """Return the service for an operation on a domain; None if the domain has none.

    `value` is a percentage, which is limited to 0 to 100, degrees in the unit of the home, or
    kelvin; `color` a name of CSS. The data of what needs more than one service is left out.
    """
    name = _SERVICES[operation].get(domain)
    if name is None or (value is None and operation in WITH_VALUE):
        return None
    return Service(domain, name, _data(operation, domain, value, color))


def _data(
    operation: Operation, domain: str, value: float | None, color: str | None
) -> dict[str, Any]:
    if operation == "color":
        return {"color_name": color}
    if value is None or operation not in WITH_VALUE:
        return {}
    if operation == "temperature":
        return {"temperature": value}
    if operation == "color_temperature":
        return {"color_temp_kelvin": round(value)}
    percent = min(100, max(0, round(value)))
    return {_LEVELS[domain]: percent / 100 if domain == "media_player" else percent}
