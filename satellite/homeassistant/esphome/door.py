"""The protocol by which this satellite shows itself to Home Assistant: it has one, never two."""

from __future__ import annotations

from satellite.errors import ConfigError
from satellite.homeassistant.esphome import messages
from satellite.homeassistant.esphome.identity import Door, Identity
from satellite.settings import Settings


def chosen_door(settings: Settings, identity: Identity) -> Door:
    """Return the protocol by which this satellite shows itself to Home Assistant.

    `auto` is ESPHome's where the extra is installed, unless Home Assistant uses Wyoming already, or
    may do so since before there was a choice, or would find another device after each restart. The
    choice is stored, and stays until Home Assistant uses the other protocol. Raises `ConfigError`.
    """
    home = settings.homeassistant
    if home.protocol == "wyoming":
        return "wyoming"
    if home.protocol == "esphome":
        if not messages.installed():
            raise ConfigError([messages.missing()])
        if home.wake != "here":
            raise ConfigError(
                [
                    f"homeassistant.wake is {home.wake}, which takes homeassistant.protocol = "
                    "wyoming: set it to here, or the protocol to wyoming"
                ]
            )
        return "esphome"
    unwanted = not home.listen or home.wake != "here" or settings.brain == "local"
    if unwanted:
        return "wyoming"
    door = identity.door
    if door is None and not identity.new:
        door = "wyoming"
        identity.used(door)
    if not identity.stored or not messages.installed():
        return "wyoming"
    if door is None:
        door = "esphome"
        identity.used(door)
    return door
