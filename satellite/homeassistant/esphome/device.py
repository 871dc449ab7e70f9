"""The device that Home Assistant sees: its description, its entities, and its wake words."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from satellite.homeassistant.esphome.entities import Entity, MuteSwitch, Player
from satellite.homeassistant.esphome.external_words import ExternalWords
from satellite.homeassistant.esphome.frames import ApiConnection
from satellite.homeassistant.esphome.identity import Identity
from satellite.homeassistant.esphome.messages import definitions
from satellite.homeassistant.esphome.wake_words import AT_ONCE, WakeWordChoice
from satellite.listening.mute import Mute
from satellite.requirements import own_version
from satellite.settings import Settings

API = (1, 14)
"""The version of the API. From 1.15 on Home Assistant asks for capabilities that we do not list,
and waits for them; before 1.10 it does not see a voice satellite."""

ESPHOME = "2026.10.0"
"""The version of ESPHome whose API this is; Home Assistant shows it beside our own."""

VOICE, API_AUDIO, TIMERS, ANNOUNCE, START_CONVERSATION = 1, 4, 8, 16, 32
FEATURES = VOICE | API_AUDIO | TIMERS | ANNOUNCE | START_CONVERSATION
"""What the voice satellite can do, of `VoiceAssistantFeature`. Not SPEAKER (2): with it replies are
sent on this connection only when they are complete, and announcements come as MP3 until then."""

FETCH = 0.5
"""Seconds between two looks at the states of the entities."""

OCCURRENCES = 16
"""Messages of what happened that wait for slow connections; older ones are lost."""

SETTLE = 2.0
"""Seconds until a connection with the former key is closed: Home Assistant is making the entities
then, and selects no wake word where it is interrupted."""

_version = cache(own_version)


class Device:
    """What Home Assistant sees of this satellite, the same for all its connections."""

    def __init__(
        self,
        settings: Settings,
        identity: Identity,
        mute: Mute,
        words: WakeWordChoice,
        volume: Callable[[], float],
        set_volume: Callable[[float], None],
        hush: Callable[[], None],
        more: Sequence[Entity] = (),
        external: ExternalWords | None = None,
    ) -> None:
        """`hush` silences what is said or rung; `more` are the other entities;
        `external` are wake words that Home Assistant has as files."""
        self.identity = identity
        self.words = words
        self.external = external
        self.name = identity.name
        self.mac = identity.mac
        self._settings = settings
        self._pb = definitions()
        self.player = Player(volume, set_volume, hush)
        self.entities: tuple[Entity, ...] = (self.player, MuteSwitch(mute), *more)
        self._connections: set[ApiConnection] = set()
        self._changed = asyncio.Event()
        self.occurrences: deque[tuple[int, Any]] = deque(maxlen=OCCURRENCES)
        """The newest messages of what happened, each with its number, from 1."""
        self.occurred = 0
        mute.subscribe(lambda muted: self.touch())

    @property
    def friendly_name(self) -> str:
        """The name for people."""
        return self._settings.name or "Satellite"

    @contextmanager
    def connected(self, api: ApiConnection) -> Generator[None, None, None]:
        """Count a connection during this block."""
        self._connections.add(api)
        try:
            yield
        finally:
            self._connections.discard(api)

    def key_changed(self, by: ApiConnection | None) -> None:
        """Close the connections that are secured as they were before, soon: Home Assistant, whose
        plain connection stays otherwise, is back at once."""
        for api in self._connections - {by}:
            asyncio.get_running_loop().call_later(SETTLE, api.abort)

    def touch(self) -> None:
        """Let all connections send what has changed now."""
        self._changed.set()
        self._changed = asyncio.Event()

    def occur(self, message: Any) -> None:
        """Let all connections that follow send a message once."""
        self.occurred += 1
        self.occurrences.append((self.occurred, message))
        self.touch()

    async def wait_for_change(self) -> None:
        """Wait until something may have changed."""
        try:
            async with asyncio.timeout(FETCH):
                await self._changed.wait()
        except TimeoutError:
            pass

    def hello(self) -> Any:
        """Return the answer to a client's first message."""
        return self._pb.HelloResponse(
            api_version_major=API[0],
            api_version_minor=API[1],
            server_info=f"satellite {_version()}",
            name=self.name,
        )

    def info(self) -> Any:
        """Return the description of the device. Blocks for as long as a small file takes."""
        port = self._settings.http.port
        return self._pb.DeviceInfoResponse(
            name=self.name,
            friendly_name=self.friendly_name,
            mac_address=":".join(self.mac[i : i + 2] for i in range(0, 12, 2)).upper(),
            manufacturer="Satellite",
            model="Voice satellite",
            project_name="Satellite.Voice satellite",
            project_version=_version(),
            esphome_version=ESPHOME,
            suggested_area=self._settings.area,
            voice_assistant_feature_flags=FEATURES,
            api_encryption_supported=True,
            api_encryption_provisionable=not self.identity.key,
            webserver_port=port if not self._settings.http.host.startswith("127.") else 0,
        )

    def configuration(self) -> Any:
        """Return the wake words that can be chosen, and those that are."""
        words = [
            self._pb.VoiceAssistantWakeWord(
                id=model.name,
                wake_word=self.words.phrase_of(model.name),
                trained_languages=model.languages,
            )
            for model in self.words.available
        ]
        phrases = {word.wake_word for word in words}
        words += [
            self._pb.VoiceAssistantWakeWord(
                id=word.name, wake_word=word.phrase, trained_languages=word.languages
            )
            for word in (self.external.offered if self.external is not None else ())
            if word.phrase not in phrases  # Home Assistant finds a word by its phrase
        ]
        return self._pb.VoiceAssistantConfigurationResponse(
            available_wake_words=words,
            active_wake_words=self.words.active,
            max_active_wake_words=AT_ONCE,
        )
