"""The entities of this satellite in Home Assistant, besides the voice satellite itself.

Home Assistant knows an entity by its name: names and keys never change.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from satellite.homeassistant.esphome.frames import Security
from satellite.homeassistant.esphome.messages import definitions
from satellite.listening.mute import USER, Mute

STEP = 0.1
"""Change of the volume by one step."""

_SET_VOLUME, _PLAY_MEDIA, _STEP_VOLUME, _STOP, _ANNOUNCE = 4, 512, 1024, 4096, 1048576
"""Home Assistant's `MediaPlayerEntityFeature`."""

SWITCH = "the switch in Home Assistant"
"""The party that mutes for a client whose connection is not encrypted with our key."""


class Entity(Protocol):
    """One entity; the messages are those of the API."""

    @property
    def commands(self) -> Any:
        """The class of the messages that operate it; None if nothing does."""

    def listed(self) -> Any:
        """Return its description."""

    def state(self) -> Any:
        """Return its state; None if it has none."""

    async def operate(self, command: Any, security: Security) -> str | None:
        """Carry out a command; return the URL of a sound that is to be played, if it is that."""


class MuteSwitch:
    """The switch that closes the microphone."""

    KEY = 2

    def __init__(self, mute: Mute) -> None:
        self._mute = mute
        self._pb = definitions()
        self.commands = self._pb.SwitchCommandRequest

    def listed(self) -> Any:
        return self._pb.ListEntitiesSwitchResponse(
            object_id="mute", key=self.KEY, name="Mute", icon="mdi:microphone-off"
        )

    def state(self) -> Any:
        return self._pb.SwitchStateResponse(key=self.KEY, state=self._mute.muted)

    async def operate(self, command: Any, security: Security) -> str | None:
        """Mute or unmute.

        Who has the satellite's key speaks for the people in the room, as by the HTTP API with its
        token; others cannot end a mute that is not theirs.
        """
        self._mute.set(command.state, USER if security is Security.KEY else SWITCH)
        return None


class Player:
    """The media player: volume, and sounds by URL."""

    KEY = 1

    def __init__(
        self,
        volume: Callable[[], float],
        set_volume: Callable[[float], None],
        hush: Callable[[], None],
    ) -> None:
        self._volume = volume
        self._set_volume = set_volume
        self._hush = hush
        self._pb = definitions()
        self.commands = self._pb.MediaPlayerCommandRequest
        self._playing = False

    def playing(self, playing: bool) -> None:
        """Note whether a sound besides replies plays."""
        self._playing = playing

    def listed(self) -> Any:
        pb = self._pb
        # without a rate: Home Assistant converts to WAV, and leaves the rate that the voice has
        formats = [
            pb.MediaPlayerSupportedFormat(format="wav", purpose=purpose)
            for purpose in (
                pb.MEDIA_PLAYER_FORMAT_PURPOSE_ANNOUNCEMENT,
                pb.MEDIA_PLAYER_FORMAT_PURPOSE_DEFAULT,
            )
        ]
        return pb.ListEntitiesMediaPlayerResponse(
            object_id="media_player",
            key=self.KEY,
            name="Media player",
            supported_formats=formats,
            feature_flags=_SET_VOLUME | _PLAY_MEDIA | _STEP_VOLUME | _STOP | _ANNOUNCE,
        )

    def state(self) -> Any:
        pb = self._pb
        return pb.MediaPlayerStateResponse(
            key=self.KEY,
            # Home Assistant has no name for the state of announcing, and logs an error
            state=pb.MEDIA_PLAYER_STATE_PLAYING if self._playing else pb.MEDIA_PLAYER_STATE_IDLE,
            volume=self._volume(),
        )

    async def operate(self, command: Any, security: Security) -> str | None:
        pb = self._pb
        if command.has_volume:
            self._set_volume(min(1.0, max(0.0, command.volume)))
        if command.has_command:
            if command.command == pb.MEDIA_PLAYER_COMMAND_STOP:
                self._hush()
            elif command.command == pb.MEDIA_PLAYER_COMMAND_VOLUME_UP:
                self._set_volume(min(1.0, self._volume() + STEP))
            elif command.command == pb.MEDIA_PLAYER_COMMAND_VOLUME_DOWN:
                self._set_volume(max(0.0, self._volume() - STEP))
        return command.media_url if command.has_media_url else None


class Reading:
    """A diagnostic value, a number or a text."""

    commands: Any = None

    def __init__(
        self,
        key: int,
        name: str,
        icon: str,
        read: Callable[[], float | str | None],
        *,
        text: bool = False,
        unit: str = "",
        decimals: int = 0,
        every: float = 0.0,
    ) -> None:
        """`read` returns the value, None as long as there is none. One that always changes is read
        once in `every` seconds, and shown where a person enables it."""
        self._key = key
        self._name = name
        self._icon = icon
        self._read = read
        self._text = text
        self._unit = unit
        self._decimals = decimals
        self._every = every
        self._due = float("-inf")
        self._newest: float | str | None = None
        self._pb = definitions()

    def listed(self) -> Any:
        pb = self._pb
        fields: dict[str, Any] = {
            "object_id": self._name.lower().replace(" ", "_"),
            "key": self._key,
            "name": self._name,
            "icon": self._icon,
            "entity_category": pb.ENTITY_CATEGORY_DIAGNOSTIC,
            "disabled_by_default": self._every > 0,
        }
        if self._text:
            return pb.ListEntitiesTextSensorResponse(**fields)
        return pb.ListEntitiesSensorResponse(
            **fields,
            unit_of_measurement=self._unit,
            accuracy_decimals=self._decimals,
            state_class=pb.STATE_CLASS_MEASUREMENT,
        )

    def state(self) -> Any:
        if (now := time.monotonic()) >= self._due:
            self._newest, self._due = self._read(), now + self._every
        value = self._newest
        kind = self._pb.TextSensorStateResponse if self._text else self._pb.SensorStateResponse
        if value is None:
            return kind(key=self._key, missing_state=True)
        state = str(value)[:255] if self._text else round(float(value), self._decimals)
        return kind(key=self._key, state=state)

    async def operate(self, command: Any, security: Security) -> str | None:
        return None


Entities = Sequence[Entity]
