"""Kinds of entities, and the services of each.

Services are those of https://www.home-assistant.io/integrations/ for each domain.
"""

from __future__ import annotations

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
]
"""An operation on an entity. The last two take a value: percent and degrees."""


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


class Service(msgspec.Struct, frozen=True):
    """A service of Home Assistant and its data."""

    domain: str
    name: str
    data: dict[str, Any]


def service(operation: Operation, domain: str, value: float | None) -> Service | None:
    """Return the service for an operation on a domain; None if the domain has none.

    `value` is a percentage, which is limited to 0 to 100, or degrees in the unit of the home.
    """
    name = _SERVICES[operation].get(domain)
    if name is None:
        return None
    if operation not in ("level", "temperature"):
        return Service(domain, name, {})
    if value is None:
        return None
    if operation == "temperature":
        return Service(domain, name, {"temperature": value})
    percent = min(100, max(0, round(value)))
    level = percent / 100 if domain == "media_player" else percent
    return Service(domain, name, {_LEVELS[domain]: level})
