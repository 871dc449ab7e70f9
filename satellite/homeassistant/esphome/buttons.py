"""Buttons in Home Assistant: what people do by voice or by hand elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from satellite.homeassistant.esphome.entities import Entity
from satellite.homeassistant.esphome.frames import Security
from satellite.homeassistant.esphome.messages import definitions

_LOGGER = logging.getLogger(__name__)


class Button:
    """A button, which has no state."""

    def __init__(
        self, key: int, name: str, icon: str, press: Callable[[], object], *, trusted: bool
    ) -> None:
        """With `trusted`, only clients with the key of the satellite press it."""
        self._press = press
        self._trusted = trusted
        self._pb = definitions()
        self._listed = {"object_id": name.lower(), "key": key, "name": name, "icon": icon}
        self.commands = self._pb.ButtonCommandRequest

    def listed(self) -> Any:
        return self._pb.ListEntitiesButtonResponse(**self._listed)

    def state(self) -> Any:
        return None

    async def operate(self, command: Any, security: Security) -> str | None:
        """Press it, where the client may."""
        if self._trusted and security is not Security.KEY:
            _LOGGER.warning(
                "the button %s does nothing over a connection without encryption: in Home "
                "Assistant, delete this device and add it again",
                self._listed["name"],
            )
        else:
            self._press()
        return None


def buttons(talk: Callable[[], object], stop: Callable[[], object]) -> tuple[Entity, ...]:
    """Return the buttons; `talk` listens as after the wake word, `stop` silences what is said."""
    return (
        Button(12, "Talk", "mdi:microphone-message", talk, trusted=True),
        Button(13, "Stop", "mdi:stop-circle-outline", stop, trusted=False),
    )
