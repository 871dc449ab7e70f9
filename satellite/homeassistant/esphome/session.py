"""One client of the API: Home Assistant, or another program that looks at this device."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from satellite.errors import BadFrame, PeerClosed
from satellite.homeassistant.esphome.device import Device
from satellite.homeassistant.esphome.external_words import ExternalWords
from satellite.homeassistant.esphome.frames import ApiConnection, Security
from satellite.homeassistant.esphome.identity import key_of
from satellite.homeassistant.esphome.messages import definitions
from satellite.homeassistant.esphome.voice import VoiceChannel
from satellite.lib.file_lock import FileBusy
from satellite.text.quoted import quoted

_LOGGER = logging.getLogger(__name__)

Drive = Callable[[VoiceChannel], Awaitable[None]]
"""Lets Home Assistant drive this satellite by a channel, until that ends."""


class Session:
    """Answers the messages of one client, in the order in which they come."""

    def __init__(self, api: ApiConnection, device: Device, drive: Drive) -> None:
        self._api = api
        self._device = device
        self._drive = drive
        self._pb = pb = definitions()
        self._voice: VoiceChannel | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._follows = False
        """It is sent the states of the entities."""
        self._over = False
        answers: dict[Any, Callable[[Any], Awaitable[None]]] = {
            pb.HelloRequest: self._hello,
            pb.AuthenticationRequest: self._authenticate,
            pb.DisconnectRequest: self._disconnect,
            pb.DisconnectResponse: self._leave,
            pb.PingRequest: self._ping,
            pb.PingResponse: self._pong,
            pb.DeviceInfoRequest: self._describe,
            pb.ListEntitiesRequest: self._list,
            pb.SubscribeStatesRequest: self._follow,
            pb.NoiseEncryptionSetKeyRequest: self._set_key,
            pb.SubscribeVoiceAssistantRequest: self._subscribe,
            pb.VoiceAssistantConfigurationRequest: self._configuration,
            pb.VoiceAssistantSetConfiguration: self._choose_words,
        }
        self._answers = answers
        self._by_voice: dict[Any, Callable[[VoiceChannel, Any], Awaitable[None]]] = {
            pb.VoiceAssistantResponse: VoiceChannel.respond,
            pb.VoiceAssistantEventResponse: VoiceChannel.handle,
            pb.VoiceAssistantTimerEventResponse: VoiceChannel.handle_timer,
            pb.VoiceAssistantAnnounceRequest: VoiceChannel.announce,
        }

    async def run(self) -> None:
        """Serve the client until it leaves."""
        device, api = self._device, self._api
        try:
            if not await api.open(device.name, device.mac, lambda: device.identity.key):
                return
            with device.connected(api):
                await self._serve()
        except BadFrame as error:
            _LOGGER.warning("dropped a client of ESPHome's API: %s", error)
        except PeerClosed as error:
            _LOGGER.debug("a client of ESPHome's API left: %s", error)
        except ExceptionGroup as group:
            _, other = group.split((BadFrame, PeerClosed))
            if other is not None:
                raise other from None
            _LOGGER.debug("a client of ESPHome's API left: %s", group.exceptions[0])
        finally:
            self._tasks = None

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as self._tasks:
            states = self._tasks.create_task(self._send_states(), name="states")
            try:
                await self._read()
            finally:
                states.cancel()
                if self._voice is not None:
                    self._voice.end()

    async def _read(self) -> None:
        while not self._over and (message := await self._api.read_message()) is not None:
            kind = type(message)
            if (answer := self._answers.get(kind)) is not None:
                await answer(message)
            elif (handle := self._by_voice.get(kind)) is not None:
                if self._voice is not None:
                    await handle(self._voice, message)
            else:
                await self._operate(kind, message)

    async def _hello(self, message: Any) -> None:
        _LOGGER.debug("%s is %s", self._api.peer, quoted(message.client_info))
        await self._api.send(self._device.hello())

    async def _authenticate(self, message: Any) -> None:
        await self._api.send(self._pb.AuthenticationResponse())

    async def _disconnect(self, message: Any) -> None:
        await self._api.send(self._pb.DisconnectResponse())
        self._over = True

    async def _leave(self, message: Any) -> None:
        self._over = True

    async def _ping(self, message: Any) -> None:
        await self._api.send(self._pb.PingResponse())

    async def _pong(self, message: Any) -> None:
        if self._voice is not None:
            await self._voice.pong()

    async def _describe(self, message: Any) -> None:
        await self._api.send(await asyncio.to_thread(self._device.info))

    async def _list(self, message: Any) -> None:
        for entity in self._device.entities:
            await self._api.send(entity.listed())
        await self._api.send(self._pb.ListEntitiesDoneResponse())

    async def _follow(self, message: Any) -> None:
        self._follows = True
        self._device.touch()

    async def _send_states(self) -> None:
        """Send the states that the client does not know, and what happens."""
        sent: dict[int, Any] = {}
        seen = self._device.occurred
        while True:
            waiting = asyncio.ensure_future(self._device.wait_for_change())
            try:
                newer = [message for number, message in self._device.occurrences if number > seen]
                seen = self._device.occurred
                for message in newer if self._follows else ():
                    await self._api.send(message)
                if self._follows:
                    for number, entity in enumerate(self._device.entities):
                        if (state := entity.state()) != sent.get(number):
                            sent[number] = state
                            await self._api.send(state)
                await waiting
            finally:
                waiting.cancel()

    async def _operate(self, kind: Any, message: Any) -> None:
        for entity in self._device.entities:
            if entity.commands is kind and entity.listed().key == message.key:
                url = await entity.operate(message, self._api.security)
                if url and self._voice is not None:
                    await self._voice.play(url)
                self._device.touch()

    async def _set_key(self, message: Any) -> None:
        """Store a key that Home Assistant has made, or forget ours.

        Only on encrypted connections: with the zeros for the first key, later with ours.
        """
        key = key_of(message.key) if message.key else b""
        identity, security = self._device.identity, self._api.security
        had = await asyncio.to_thread(lambda: identity.key)
        first = security is Security.PROVISIONING and not had and bool(key)
        allowed = first or security is Security.KEY
        if allowed and key is not None:
            try:
                await asyncio.to_thread(identity.set_key, key)
            except FileBusy as error:
                _LOGGER.warning("the key that Home Assistant sets is not stored: %s", error)
                await self._api.send(self._pb.NoiseEncryptionSetKeyResponse(success=False))
                return
        await self._api.send(
            self._pb.NoiseEncryptionSetKeyResponse(success=allowed and key is not None)
        )
        if not allowed or key is None:
            _LOGGER.warning("%s may not set the key of this satellite", self._api.peer)
            return
        text = "has set the key of" if key else "has removed the key of"
        _LOGGER.info("Home Assistant %s this satellite", text)
        self._device.key_changed(self._api)

    async def _subscribe(self, message: Any) -> None:
        if message.subscribe and self._voice is None and self._tasks is not None:
            device = self._device
            voice = VoiceChannel(self._api, device.words.phrase_of, self._play)
            self._voice = voice
            self._tasks.create_task(voice.run(self._drive), name="voice")
        elif not message.subscribe and self._voice is not None:
            self._voice.end()
            self._voice = None

    def _play(self, playing: bool) -> None:
        self._device.player.playing(playing)
        self._device.touch()

    @property
    def _external(self) -> ExternalWords | None:
        """The wake words that Home Assistant has as files: only who has our key adds models."""
        return self._device.external if self._api.security is Security.KEY else None

    async def _configuration(self, message: Any) -> None:
        if (external := self._external) is not None:
            external.offer(message.external_wake_words)
        await self._api.send(self._device.configuration())

    async def _choose_words(self, message: Any) -> None:
        names = tuple(message.active_wake_words)
        if (external := self._external) is not None:
            await external.choose(names, self._api.address)
        await asyncio.to_thread(self._device.words.choose, names)
