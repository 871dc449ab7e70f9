"""The lamps and buttons of this machine in Home Assistant."""

from __future__ import annotations

import logging
from typing import Any

from satellite.homeassistant.esphome.entities import Entity
from satellite.homeassistant.esphome.frames import Security
from satellite.homeassistant.esphome.messages import definitions
from satellite.ports import Dimmable

_LOGGER = logging.getLogger(__name__)

PRESSES = ("press", "hold")
"""What a button reports."""


class LampsLight:
    """The light that dims the lamps or switches them off; their colours show the state."""

    KEY = 14

    def __init__(self, lamps: Dimmable) -> None:
        self._lamps = lamps
        self._bright = lamps.brightness
        """The brightness to which they are switched on."""
        self._pb = definitions()
        self.commands = self._pb.LightCommandRequest

    def listed(self) -> Any:
        pb = self._pb
        return pb.ListEntitiesLightResponse(
            object_id="lamps",
            key=self.KEY,
            name="Lamps",
            icon="mdi:led-strip-variant",
            supported_color_modes=[pb.COLOR_MODE_BRIGHTNESS],
            entity_category=pb.ENTITY_CATEGORY_CONFIG,
        )

    def state(self) -> Any:
        pb, now = self._pb, self._lamps.brightness
        return pb.LightStateResponse(
            key=self.KEY,
            state=now > 0,
            brightness=now or self._bright,
            color_mode=pb.COLOR_MODE_BRIGHTNESS,
        )

    async def operate(self, command: Any, security: Security) -> str | None:
        """Dim the lamps until the satellite ends, where the client may."""
        if security is not Security.KEY:
            _LOGGER.warning(
                "the lamps are not dimmed over a connection without encryption: in Home "
                "Assistant, delete this device and add it again"
            )
            return None
        if command.has_brightness and 0 < command.brightness <= 1:  # also not for NaN
            self._bright = command.brightness
        on = command.state if command.has_state else self._lamps.brightness > 0
        self._lamps.dim((self._bright or 1.0) if on else 0.0)
        return None


class ButtonEvents:
    """The presses of this machine's buttons, as events."""

    KEY = 15
    commands: Any = None

    def __init__(self) -> None:
        self._pb = definitions()

    def listed(self) -> Any:
        return self._pb.ListEntitiesEventResponse(
            object_id="button",
            key=self.KEY,
            name="Button",
            icon="mdi:gesture-tap-button",
            device_class="button",
            event_types=PRESSES,
        )

    def state(self) -> Any:
        return None

    def occurrence(self, press: str) -> Any:
        """Return the message of a press."""
        return self._pb.EventResponse(key=self.KEY, event_type=press)

    async def operate(self, command: Any, security: Security) -> str | None:
        return None


def hardware_entities(lamps: Dimmable | None, buttons: ButtonEvents | None) -> tuple[Entity, ...]:
    """Return the entities of the hardware that there is."""
    light: tuple[Entity, ...] = () if lamps is None else (LampsLight(lamps),)
    return light if buttons is None else (*light, buttons)
