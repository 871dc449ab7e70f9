"""The protocol by which this satellite shows itself to Home Assistant: it has one, never two."""

from __future__ import annotations

from satellite.errors import ConfigError
from satellite.homeassistant.esphome import messages
from satellite.homeassistant.esphome.identity import Door, Identity
from satellite.settings import Settings


def chosen_door(settings: Settings, identity: Identity) -> Door:
    """Return the protocol by which this satellite shows itself to Home Assistant.

    `auto` is ESPHome's where the extra is installed, unless Home Assistant uses Wyoming already, or
    may do so since before there was a choice, or would find another device after each restart.
    Raises `ConfigError`.
    """
    home = settings.homeassistant
    if home.protocol == "wyoming":
        return "wyoming"
    if home.protocol == "esphome":
        if not messages.installed():
            raise ConfigError([messages.MISSING])
        if home.wake != "here":
            raise ConfigError(
                [
                    f"homeassistant.wake is {home.wake}, which takes homeassistant.protocol = "
                    "wyoming: set it to here, or the protocol to wyoming"
                ]
            )
        return "esphome"
    unwanted = not home.listen or home.wake != "here" or settings.brain == "local"
    if unwanted or not messages.installed():
        return "wyoming"
    return identity.door or ("esphome" if identity.new and identity.stored else "wyoming")
