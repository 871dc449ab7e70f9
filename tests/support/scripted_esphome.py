"""A satellite with scripted engines at the port of ESPHome's API, and a Home Assistant for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from aioesphomeapi import APIClient, VoiceAssistantEventType
from aiohttp import web

from satellite.audio.wavfile import wav_bytes
from satellite.homeassistant.esphome.device import Device
from satellite.homeassistant.esphome.entities import Entity
from satellite.homeassistant.esphome.external_words import ExternalWords
from satellite.homeassistant.esphome.identity import Identity
from satellite.homeassistant.esphome.server import EsphomePort, esphome_reachable
from satellite.homeassistant.esphome.wake_words import WakeWordChoice
from satellite.net.memory_budget import MemoryBudget
from satellite.net.uri import Tcp, parse
from satellite.settings import Settings
from satellite.values import AudioFormat
from tests.support.scripted_satellite import SOON, ScriptedSatellite

RATE = 22050
EVENT = VoiceAssistantEventType


class EsphomeSatellite:
    """A satellite that is reachable by ESPHome's API."""

    def __init__(self, satellite: ScriptedSatellite, port: EsphomePort, device: Device) -> None:
        self.satellite = satellite
        self.device = device
        self.identity = device.identity
        self.choice = device.words
        address = parse(port.bound or "")
        assert isinstance(address, Tcp)
        self.port = address.port

    def client(self, key: str | None = None, name: str = "Home Assistant") -> APIClient:
        """Return a client that is not connected yet."""
        return APIClient(
            "127.0.0.1", self.port, None, client_info=name, noise_psk=key, timezone="UTC"
        )

    @asynccontextmanager
    async def connected(
        self,
        key: str | None = None,
        on_stop: Callable[[bool], Coroutine[Any, Any, None]] | None = None,
    ) -> AsyncGenerator[APIClient, None]:
        """Connect a client during this block; `on_stop` is called when it is closed."""
        client = self.client(key)
        async with asyncio.timeout(SOON):
            await client.connect(on_stop, login=True)
        try:
            yield client
        finally:
            with suppress(Exception):  # the satellite may have closed it
                async with asyncio.timeout(SOON):
                    await client.disconnect()
            await asyncio.sleep(0.01)  # the client ends its last task by itself

    @asynccontextmanager
    async def home(self, key: str | None = None) -> AsyncGenerator[EsphomeHome, None]:
        """Connect a Home Assistant that drives, during this block."""
        async with self.connected(key) as client, sound_server() as sounds:
            home = EsphomeHome(client, sounds)
            home.subscribe()
            await self.satellite.until(lambda: self.satellite.peer_drives)
            yield home


@asynccontextmanager
async def esphome_satellite(
    settings: Settings,
    more: Sequence[Entity] = (),
    external: ExternalWords | None = None,
    choice: WakeWordChoice | None = None,
) -> AsyncGenerator[EsphomeSatellite, None]:
    """Run a satellite at a free port, with more entities and wake words."""
    satellite = ScriptedSatellite(settings)
    identity = Identity(settings.name)
    choice = choice or WakeWordChoice(settings.name, satellite.wake.describe, tuple)
    arbiter = satellite.accept
    satellite.accept = lambda utterance: choice.accepts(utterance.detection) and arbiter(utterance)
    async with (
        satellite.open(),
        esphome_reachable(settings, MemoryBudget()) as port,
    ):
        playback = satellite.speech.playback
        device = Device(
            settings,
            identity,
            satellite.speech.mute,
            choice,
            volume=lambda: playback.volume,
            set_volume=lambda level: setattr(playback, "volume", level),
            hush=satellite.output.hush,
            more=more,
            external=external,
        )
        async with port.open(device, satellite.peer.serve_driver):
            yield EsphomeSatellite(satellite, port, device)


class Sounds:
    """An HTTP server with the sounds of Home Assistant, each held until it is set."""

    def __init__(self) -> None:
        self.url = ""
        self.sounds: dict[str, asyncio.Future[bytes | None]] = {}
        self.fetched: list[str] = []

    def offer(self, name: str) -> str:
        """Return the URL of a sound that is set later."""
        self.sounds[name] = asyncio.get_running_loop().create_future()
        return f"{self.url}/{name}"

    def set(self, name: str, content: bytes | None) -> str:
        """Set a sound; None for one that cannot be made."""
        if name not in self.sounds:
            self.offer(name)
        self.sounds[name].set_result(content)
        return f"{self.url}/{name}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.fetched.append(name)
        content = await self.sounds[name]
        if content is None:
            raise web.HTTPInternalServerError
        response = web.StreamResponse(headers={"Content-Type": "audio/x-wav"})
        await response.prepare(request)
        for at in range(0, len(content), 1000):
            await response.write(content[at : at + 1000])
        return response


@asynccontextmanager
async def sound_server() -> AsyncGenerator[Sounds, None]:
    """Serve sounds during this block."""
    sounds = Sounds()
    application = web.Application()
    application.router.add_get("/{name}", sounds.serve)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sounds.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield sounds
    finally:
        for waiting in sounds.sounds.values():
            if not waiting.done():
                waiting.set_result(None)
        await runner.cleanup()


def streamed_wav(seconds: float, rate: int = RATE, level: int = 16) -> bytes:
    """Return WAV as ffmpeg streams it: without sizes, and with a chunk before the sound."""
    samples = level.to_bytes(2, "little") * round(seconds * rate)
    whole = wav_bytes(AudioFormat(rate, 1), samples)
    head, data = whole[:36], whole[44:]
    unknown = (0xFFFFFFFF).to_bytes(4, "little")
    chunk = b"LIST" + (5).to_bytes(4, "little") + b"INFO\0" + b"\0"
    return head[:4] + unknown + head[8:] + chunk + b"data" + unknown + data


class EsphomeHome:
    """Home Assistant's side of voice runs, under a test's control."""

    def __init__(self, client: APIClient, sounds: Sounds) -> None:
        self.client = client
        self.sounds = sounds
        self.starts: list[str | None] = []
        """The phrases of the runs that were requested."""
        self.stops: list[bool] = []
        """Whether they were aborted, of those that ended."""
        self.audio = bytearray()
        self.finished = 0
        """Reports of a reply or an announcement that was played."""

    def subscribe(self) -> None:
        self.unsubscribe = self.client.subscribe_voice_assistant(
            handle_start=self._start,
            handle_stop=self._stop,
            handle_audio=self._audio,
            handle_announcement_finished=self._finish,
        )

    def event(self, kind: EVENT, **data: str) -> None:
        self.client.send_voice_assistant_event(kind, data)

    async def run_to(self, text: str, url: str = "") -> None:
        """Send the events of a run up to its transcript."""
        self.event(EVENT.VOICE_ASSISTANT_RUN_START, url=url)
        self.event(EVENT.VOICE_ASSISTANT_STT_START)
        self.event(EVENT.VOICE_ASSISTANT_STT_VAD_END)
        self.event(EVENT.VOICE_ASSISTANT_STT_END, text=text)

    def answer(self, text: str, name: str = "reply", more: bool = False) -> None:
        """Send the events of an answer whose sound has a name."""
        self.event(EVENT.VOICE_ASSISTANT_INTENT_START)
        data = {"continue_conversation": str(int(more)), "speech": text}
        self.event(EVENT.VOICE_ASSISTANT_INTENT_END, **data)
        self.event(EVENT.VOICE_ASSISTANT_TTS_START, text=text)
        self.event(EVENT.VOICE_ASSISTANT_TTS_END, url=f"{self.sounds.url}/{name}")
        self.event(EVENT.VOICE_ASSISTANT_RUN_END)

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(SOON):
            while not true():
                await asyncio.sleep(0.001)

    async def _start(self, conversation: str, flags: int, settings: Any, phrase: str | None) -> int:
        self.starts.append(phrase)
        return 0

    async def _stop(self, abort: bool) -> None:
        self.stops.append(abort)

    async def _audio(self, data: bytes, second: bytes | None = None) -> None:
        self.audio += data

    async def _finish(self, message: Any) -> None:
        self.finished += 1
