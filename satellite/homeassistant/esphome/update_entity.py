"""Newer versions of this program in Home Assistant."""

from __future__ import annotations

import logging
from typing import Any

from satellite.homeassistant.esphome.entities import Entity
from satellite.homeassistant.esphome.frames import Security
from satellite.homeassistant.esphome.messages import definitions
from satellite.updates.pip import Release
from satellite.updates.updater import Updater

_LOGGER = logging.getLogger(__name__)


class UpdateEntity:
    """The installed and the newest version; only clients with the key look or install."""

    KEY = 16

    def __init__(self, updater: Updater) -> None:
        self._updater = updater
        self._pb = definitions()
        self.commands = self._pb.UpdateCommandRequest

    def listed(self) -> Any:
        return self._pb.ListEntitiesUpdateResponse(
            object_id="update",
            key=self.KEY,
            name="Update",
            icon="mdi:package-up",
            entity_category=self._pb.ENTITY_CATEGORY_CONFIG,
        )

    def state(self) -> Any:
        updater = self._updater
        # Home Assistant shows empty versions where a state is missing
        newest = updater.newest or Release(updater.installed)
        return self._pb.UpdateStateResponse(
            key=self.KEY,
            in_progress=updater.installing,
            current_version=updater.installed,
            latest_version=newest.version,
            title="Satellite",
            release_url=newest.page,
        )

    async def operate(self, command: Any, security: Security) -> str | None:
        """Let the updater look or install, where the client may."""
        if security is not Security.KEY:
            _LOGGER.warning(
                "not updated over a connection without encryption: in Home Assistant, delete this "
                "device and add it again"
            )
        elif command.command == self._pb.UPDATE_COMMAND_UPDATE:
            _LOGGER.info("Home Assistant wants the newest version installed")
            self._updater.request_install()
        elif command.command == self._pb.UPDATE_COMMAND_CHECK:
            self._updater.request_check()
        return None


def update_entities(updater: Updater | None) -> tuple[Entity, ...]:
    """Return the entity, where newer versions are looked for."""
    return () if updater is None else (UpdateEntity(updater),)
