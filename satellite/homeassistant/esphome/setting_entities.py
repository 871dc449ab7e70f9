"""Settings of the satellite that Home Assistant can change while it runs.

They are saved into the file of the settings, as by the HTTP API, and in use at once.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable, Mapping
from operator import attrgetter
from typing import Any

from satellite.arbitration.wake_words import wake_words_of
from satellite.builtin.wake.bundled_models import spelled
from satellite.builtin.wake.sensitivity import levels_of, with_level
from satellite.errors import SatelliteError
from satellite.homeassistant.esphome.entities import Entity
from satellite.homeassistant.esphome.frames import Security
from satellite.homeassistant.esphome.messages import definitions
from satellite.requirements import Package
from satellite.settings import Settings

_LOGGER = logging.getLogger(__name__)

FOLLOW_UP = {"never": "Never", "question": "After questions", "always": "After every answer"}
"""The names that Home Assistant shows for the values of `listen.follow_up`."""

SENSITIVITY = {
    "lowest": "Lowest",
    "low": "Low",
    "usual": "Usual",
    "high": "High",
    "highest": "Highest",
}
"""The names of the values of `listen.sensitivity`."""

NOISE = {0: "Off", 1: "6 dB", 2: "12 dB", 3: "18 dB", 4: "21 dB"}
"""The names of the values of `sound.noise_suppression`."""

WEBRTC = Package("pywebrtc_audio", extra="sound")
"""Suppresses noise and amplifies quiet voices."""

MOST_GAIN = 50.0
"""The highest `sound.auto_gain`, in dB."""

_FIRST_WORD, _WORDS = 1 << 16, 1 << 30
"""The keys of the sensitivities of single wake words: from, and how many."""

GAIN_STEP = 0.1
"""Smallest change of the factor that Home Assistant offers."""


class LiveSettings:
    """The settings in use, and the way to change them."""

    def __init__(
        self,
        in_use: Callable[[], Settings],
        save: Callable[[Mapping[str, Any]], object],
        reload: Callable[[], Awaitable[object]],
    ) -> None:
        """`save` checks values and writes them into the file, and may block; `reload` takes them
        over. Both raise `SatelliteError`."""
        self._in_use = in_use
        self._save = save
        self._reload = reload

    def value(self, path: str) -> Any:
        """Return the value in use of a setting, such as `listen.follow_up`."""
        return attrgetter(path)(self._in_use())

    async def change(self, path: str, value: Any) -> bool:
        """Save a value and use it from now on; return whether it is in use. Failures are logged."""
        if value == self.value(path):
            return True
        try:
            saved = [*value] if isinstance(value, tuple) else value  # as files have it
            await asyncio.to_thread(self._save, {path: saved})
            await self._reload()
        except SatelliteError as error:
            _LOGGER.warning("Home Assistant cannot change %s: %s", path, error)
            return False
        _LOGGER.info("Home Assistant has set %s to %s", path, value)
        return bool(self.value(path) == value)


class SettingEntity:
    """A setting in Home Assistant, as a switch, a choice or a number.

    Only clients with the key of the satellite change it: it stays after they have left.
    """

    commands: Any = None

    def __init__(self, settings: LiveSettings, path: str, key: int, name: str, icon: str) -> None:
        self._settings = settings
        self._path = path
        self._key = key
        self._pb = definitions()
        self._listed = {
            "object_id": name.lower().replace(" ", "_").replace("-", "_"),
            "key": key,
            "name": name,
            "icon": icon,
            "entity_category": self._pb.ENTITY_CATEGORY_CONFIG,
        }

    @property
    def _value(self) -> Any:
        return self._settings.value(self._path)

    async def operate(self, command: Any, security: Security) -> str | None:
        """Change the setting, where the client may."""
        if security is not Security.KEY:
            _LOGGER.warning(
                "%s is not changed over a connection without encryption: in Home Assistant, "
                "delete this device and add it again",
                self._path,
            )
        elif (value := self._wanted(command)) is not None:
            await self._settings.change(self._path, value)
        return None

    def _wanted(self, command: Any) -> Any:
        """Return the value that a command names; None if there is none of that kind."""
        return command.state


class SettingSwitch(SettingEntity):
    """A setting that is on or off."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.commands = self._pb.SwitchCommandRequest

    def listed(self) -> Any:
        return self._pb.ListEntitiesSwitchResponse(**self._listed)

    def state(self) -> Any:
        return self._pb.SwitchStateResponse(key=self._key, state=self._value)


class SettingSelect(SettingEntity):
    """A setting with some values, each with the name that is shown for it."""

    def __init__(self, names: Mapping[Any, str], *args: Any) -> None:
        super().__init__(*args)
        self._names = names
        self.commands = self._pb.SelectCommandRequest

    def listed(self) -> Any:
        return self._pb.ListEntitiesSelectResponse(**self._listed, options=[*self._names.values()])

    def state(self) -> Any:
        return self._pb.SelectStateResponse(key=self._key, state=self._names[self._value])

    def _wanted(self, command: Any) -> Any:
        values = (value for value, name in self._names.items() if name == command.state)
        return next(values, None)


class SettingNumber(SettingEntity):
    """A setting that is a number in a range."""

    def __init__(self, least: float, most: float, step: float, *args: Any) -> None:
        super().__init__(*args)
        self._least, self._most, self._step = least, most, step
        self.commands = self._pb.NumberCommandRequest

    def listed(self) -> Any:
        return self._pb.ListEntitiesNumberResponse(
            **self._listed,
            min_value=self._least,
            max_value=self._most,
            step=self._step,
            mode=self._pb.NUMBER_MODE_BOX,
        )

    def state(self) -> Any:
        return self._pb.NumberStateResponse(key=self._key, state=self._value)

    def _wanted(self, command: Any) -> Any:
        inside = self._least <= command.state <= self._most  # also not for NaN
        return round(float(command.state), 3) if inside else None


class WordSensitivity(SettingSelect):
    """How easily one of several wake words is heard."""

    def __init__(self, word: str, settings: LiveSettings) -> None:
        # Home Assistant knows an entity by its name; the key has only to be another one each
        key = _FIRST_WORD + zlib.crc32(spelled(word).encode()) % _WORDS
        name = f"Sensitivity of {spelled(word)}"
        self._word = word
        super().__init__(
            {None: "As all", **SENSITIVITY},
            *(settings, "listen.sensitivities", key, name, "mdi:ear-hearing"),
        )

    @property
    def _value(self) -> Any:
        return levels_of(super()._value).get(spelled(self._word))

    def _wanted(self, command: Any) -> Any:
        levels = [level for level, name in self._names.items() if name == command.state]
        return with_level(super()._value, self._word, levels[0]) if levels else None


def setting_entities(settings: LiveSettings) -> tuple[Entity, ...]:
    """Return the entities of the settings that take effect at once."""
    noise = ("sound.noise_suppression", 10, "Noise suppression", "mdi:volume-off")
    auto_gain = ("sound.auto_gain", 11, "Automatic gain", "mdi:account-voice")
    sensitivity = ("listen.sensitivity", 9, "Wake word sensitivity", "mdi:ear-hearing")
    follow_up = ("listen.follow_up", 6, "Follow-up", "mdi:comment-question-outline")
    stop_words = ("listen.stop_words", 7, "Stop words", "mdi:hand-back-left")
    gain = ("sound.mic_volume", 8, "Microphone gain", "mdi:microphone-plus")
    words = wake_words_of(settings.value("wake"))
    always: tuple[Entity, ...] = (
        SettingSelect(FOLLOW_UP, settings, *follow_up),
        SettingSwitch(settings, *stop_words),
        SettingNumber(0.0, 100.0, GAIN_STEP, settings, *gain),
        SettingSelect(SENSITIVITY, settings, *sensitivity),
        *(WordSensitivity(word, settings) for word in words.values() if len(words) > 1),
    )
    if WEBRTC.missing():  # a saved level would keep the satellite from starting
        return always
    return (
        *always,
        SettingSelect(NOISE, settings, *noise),
        SettingNumber(0.0, MOST_GAIN, 1.0, settings, *auto_gain),
    )
