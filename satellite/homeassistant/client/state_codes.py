"""States by the codes that words are known for: what "on" means depends on the entity.

The device classes of binary sensors are those of
https://www.home-assistant.io/integrations/binary_sensor/.
"""

from __future__ import annotations

from typing import Protocol

_ON_OFF: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("door", "garage_door", "opening", "window"), ("open", "closed")),
    "moisture": ("wet", "not_wet"),
    **dict.fromkeys(
        (
            *("carbon_monoxide", "gas", "motion", "moving", "occupancy", "smoke"),
            *("sound", "tamper", "vibration"),
        ),
        ("detected", "clear"),
    ),
    "battery": ("low", "normal"),
    "battery_charging": ("charging", "not_charging"),
    "connectivity": ("connected", "disconnected"),
    "lock": ("unlocked", "locked"),
    "plug": ("plugged_in", "unplugged"),
    "presence": ("home", "not_home"),
    "problem": ("problem", "ok"),
    "running": ("running", "not_running"),
    "safety": ("unsafe", "safe"),
}
"""Codes for on and off, by device class of a binary sensor."""

_COUNTS_AS: dict[str, frozenset[str]] = {
    "open": frozenset({"open", "opening"}),
    "closed": frozenset({"closed", "closing"}),
    "locked": frozenset({"locked", "locking"}),
    "unlocked": frozenset({"unlocked", "unlocking"}),
    "off": frozenset({"off", "standby", "docked", "idle", "closed"}),
    "running": frozenset(
        {"running", "on", "cleaning", "mowing", "run", "active", "washing", "in_use", "playing"}
    ),
    "not_running": frozenset({"not_running", "off", "idle", "docked", "standby", "finished"}),
}
"""The states that count as the one that is asked for."""


class _Classified(Protocol):
    @property
    def domain(self) -> str: ...
    @property
    def device_class(self) -> str | None: ...


def code_of(entity: _Classified, value: str) -> str:
    """Return the code for the value of an entity's state: `open` for a window that is `on`."""
    if entity.domain == "binary_sensor" and value in ("on", "off"):
        on, off = _ON_OFF.get(entity.device_class or "", ("on", "off"))
        return on if value == "on" else off
    return value


def fits(expected: str, entity: _Classified, value: str) -> bool:
    """Return whether the value of an entity's state is the one that is asked for.

    It may be asked for by its code, or as Home Assistant has it.
    """
    if value in ("unknown", "unavailable"):
        return False
    code = code_of(entity, value)
    if expected == "on" and entity.domain != "binary_sensor":
        return value not in _COUNTS_AS["off"]
    return expected == value or code in _COUNTS_AS.get(expected, (expected,))
