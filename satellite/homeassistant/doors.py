"""The doors through which Home Assistant reaches this satellite: Wyoming's, and ESPHome's where the
satellite shows itself by that."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from satellite.errors import SatelliteError
from satellite.homeassistant.driver.peer import HomeAssistantPeer
from satellite.homeassistant.driver.port import Port, reachable
from satellite.homeassistant.esphome.door import chosen_door
from satellite.homeassistant.esphome.identity import Door, Identity
from satellite.homeassistant.esphome.wake_words import WakeWordChoice
from satellite.lib import paths
from satellite.lib.file_lock import FileBusy
from satellite.lib.taskgroups import first_error
from satellite.listening.mute import Mute
from satellite.net.memory_budget import MemoryBudget
from satellite.ports import Dimmable
from satellite.settings import Settings

if TYPE_CHECKING:
    from satellite.homeassistant.esphome.device import Device
    from satellite.homeassistant.esphome.entities import Entity
    from satellite.homeassistant.esphome.server import EsphomePort
    from satellite.updates.updater import Updater

_LOGGER = logging.getLogger(__name__)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What Home Assistant sees of this satellite by ESPHome's API, and may change."""

    mute: Mute
    words: WakeWordChoice
    volume: Callable[[], float]
    set_volume: Callable[[float], None]
    hush: Callable[[], None]
    """Silences what is said or rung."""
    talk: Callable[[], object]
    """Listens as after the wake word."""
    engines: Callable[[], Mapping[str, str]]
    """Returns the engines that do the work while Home Assistant does not, by role."""
    level: Callable[[], float | None]
    """Returns the microphone's level in dBFS; None while it is muted."""
    settings: Callable[[], Settings]
    """Returns the settings in use."""
    save: Callable[[Mapping[str, Any]], object] | None
    """Writes values of settings into their file; None where they have none."""
    reload: Callable[[], Awaitable[object]]
    """Takes over what was saved."""
    lamps: Dimmable | None
    """The lamps of this machine."""
    report: Callable[[Callable[[str], None]], bool]
    """Reports presses of this machine's buttons; returns whether there is one."""
    attempt: Callable[[str], Awaitable[None]]
    """Loads a wake component on trial. Raises `SatelliteError`."""
    updates: Updater | None
    """Looks for newer versions; None where the settings want none."""


class HomeAssistantDoors:
    """The ports for Home Assistant. Made before any file of the satellite is written, by which it
    knows whether it is new."""

    def __init__(self, settings: Settings) -> None:
        """Raises `ConfigError` for a protocol that cannot be used."""
        self._settings = settings
        self._identity = Identity(settings.name)
        self._door = chosen_door(settings, self._identity)
        self._port: Port | None = None
        self._esphome: EsphomePort | None = None
        self._used: Door | None = None
        """The protocol used last, until it is stored."""
        self._news = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[HomeAssistantDoors, None]:
        """Listen during this block; clients that connect wait until `open`.

        Raises `PortInUse`, `ConfigError`.
        """
        async with AsyncExitStack() as stack:
            self._port = await stack.enter_async_context(reachable(self._settings))
            if self._door == "esphome":
                from satellite.homeassistant.esphome.server import esphome_reachable  # 20 ms

                opened = esphome_reachable(self._settings, self._port.memory)
                self._esphome = await stack.enter_async_context(opened)
            yield self

    @property
    def memory(self) -> MemoryBudget:
        """Counts what peers make this satellite hold."""
        assert self._port is not None
        return self._port.memory

    @property
    def by_wyoming(self) -> bool:
        """Whether the satellite shows itself by Wyoming."""
        return self._door == "wyoming"

    def used(self, door: Door) -> None:
        """Note that Home Assistant uses this satellite by a protocol. Idempotent."""
        self._used = door
        self._news.set()

    @asynccontextmanager
    async def open(self, peer: HomeAssistantPeer, shown: Shown) -> AsyncGenerator[None, None]:
        """Let Home Assistant in during this block, by the protocols that this satellite offers."""
        assert self._port is not None
        async with AsyncExitStack() as stack:
            adverts = []
            if self._esphome is not None:
                device = self._device(shown)
                await stack.enter_async_context(self._esphome.open(device, peer.serve_driver))
                adverts = self._esphome.adverts(device, self._settings)
            await stack.enter_async_context(self._port.open(peer, adverts))
            with first_error(SatelliteError):
                async with asyncio.TaskGroup() as tasks:
                    storing = tasks.create_task(self._store_used(), name="doors")
                    try:
                        yield
                    finally:
                        storing.cancel()

    async def _store_used(self) -> None:
        while await self._news.wait():
            self._news.clear()
            assert self._used is not None
            try:
                await asyncio.to_thread(self._identity.used, self._used)
            except FileBusy as error:
                _LOGGER.warning("the protocol of Home Assistant is not stored: %s", error)

    def _device(self, shown: Shown) -> Device:
        from satellite.homeassistant.esphome.buttons import buttons  # see `listening`
        from satellite.homeassistant.esphome.device import Device
        from satellite.homeassistant.esphome.external_words import ExternalWords
        from satellite.homeassistant.esphome.hardware import ButtonEvents, hardware_entities
        from satellite.homeassistant.esphome.readings import readings
        from satellite.homeassistant.esphome.setting_entities import LiveSettings, setting_entities
        from satellite.homeassistant.esphome.update_entity import update_entities

        changeable: Sequence[Entity] = ()
        external = None
        if shown.save is not None:
            live = LiveSettings(shown.settings, shown.save, shown.reload)
            changeable = setting_entities(live)
            external = ExternalWords(live, paths.data_folder() / "wake-words", shown.attempt)
        presses = ButtonEvents()
        has_button = shown.report(lambda press: device.occur(presses.occurrence(press)))
        device = Device(
            settings=self._settings,
            identity=self._identity,
            mute=shown.mute,
            words=shown.words,
            volume=shown.volume,
            set_volume=shown.set_volume,
            hush=shown.hush,
            more=(
                *readings(shown.words, shown.engines, shown.level),
                *buttons(shown.talk, shown.hush),
                *hardware_entities(shown.lamps, presses if has_button else None),
                *update_entities(shown.updates),
                *changeable,
            ),
            external=external,
        )
        return device
