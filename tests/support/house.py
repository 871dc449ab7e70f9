"""A scripted Home Assistant, and a satellite on a real port for it to drive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from satellite import events
from satellite.assistant import Assistant
from satellite.audio.format import SPEECH
from satellite.audio.playback import Playback
from satellite.bus import Bus
from satellite.errors import WireError
from satellite.homeassistant.info import info_event
from satellite.homeassistant.port import reachable
from satellite.homeassistant.role import Role
from satellite.homeassistant.wake import Tap
from satellite.listen import Listener
from satellite.net.wire import Connection, connect
from satellite.settings import CueSettings, DeadlineSettings, HomeAssistantSettings, Settings
from satellite.stage import Engines
from satellite.values import Detection, DetectRequest, EngineInfo, ModelInfo
from tests.support.devices import ScriptedSpeaker
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts

SOON = 5.0
"""Seconds in which everything here happens."""

RATE = 22050
FRAME = 512
WAKE, VOICE, SILENCE = b"\x03\x00", b"\x01\x00", b"\x00\x00"

HOME = HomeAssistantSettings(listen="tcp://127.0.0.1:0", patience=0.4, answer=2.0)
QUIET = Settings(
    name="kitchen",
    area="Kitchen",
    zeroconf=False,
    cues=CueSettings(awake=False, error=False, timer=1),
    deadlines=DeadlineSettings(asr=2.0, llm=2.0, tts=2.0),
    homeassistant=HOME,
)


class MarkVad:
    """Hears voice in frames that hold it."""

    frame_samples = FRAME

    def load(self) -> None:
        pass

    def probability(self, frame: bytes) -> float:
        return frame.count(VOICE[:1]) * 2 / len(frame)

    def reset(self) -> None:
        pass


class MarkWake:
    """Hears its wake word in frames that hold it."""

    def __init__(self) -> None:
        self.heard = 0
        """Samples it was given."""

    async def load(self) -> None:
        pass

    def describe(self) -> EngineInfo:
        word = ModelInfo(name="okay_nabu", phrase="Okay Nabu", languages=("en",))
        return EngineInfo(name="mark", version="1", models=(word,))

    async def close(self) -> None:
        pass

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        position = 0
        async for chunk in audio:
            position += len(chunk) // 2
            self.heard += len(chunk) // 2
            if WAKE in chunk:
                yield Detection(word="okay_nabu", score=0.9, sample=position)


class Room:
    """A microphone for what is said in a room, faster than it can be said; silence else."""

    finished = False

    def __init__(self) -> None:
        self._said = bytearray()

    @property
    def silent(self) -> bool:
        """Nothing is left to be said."""
        return not self._said

    def say(self, *parts: tuple[bytes, float]) -> None:
        for sample, seconds in parts:
            frames = max(1, round(seconds * SPEECH.rate / FRAME))
            self._said += sample * FRAME * frames

    def ask(self) -> None:
        """The wake word, a pause, a request, and silence to its end."""
        self.say((WAKE, 0.03), (SILENCE, 0.5), (VOICE, 1.0), (SILENCE, 1.0))

    async def frames(self) -> AsyncGenerator[bytes, None]:
        size = FRAME * 2
        while True:
            frame, self._said = bytes(self._said[:size]), self._said[size:]
            yield frame or SILENCE * FRAME
            # others get their turn, and silence takes its time
            await asyncio.sleep(0 if frame else 0.002)
            await asyncio.sleep(0)


class Kitchen:
    """A satellite with scripted engines, and everything that happened in it."""

    def __init__(self, settings: Settings = QUIET) -> None:
        self.uri = ""
        self.settings = settings
        self.happened: list[events.Event] = []
        bus = Bus()
        bus.publish = self.happened.append  # type: ignore[method-assign]
        self.room = Room()
        self.speaker = ScriptedSpeaker()
        self.asr, self.llm, self.tts = ScriptedAsr(), ScriptedLlm(), ScriptedTts()
        self.wake, vad = MarkWake(), MarkVad()
        self.role = Role(self.settings, vad, lambda: info_event(settings, self.wake.describe()))
        playback = Playback(self.speaker, self.happened.append)
        engines = Engines(self.asr, self.llm, self.tts)
        self.assistant = Assistant(self.settings, engines, playback, bus, self.role.driver)
        source = Tap(self.room, self.role.wake.hear)
        self.listener = Listener(
            source, self.wake, vad, settings.listen, bus.publish, self.assistant.woken
        )
        self.listener.attentive = lambda: not self.role.wake.active

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.happened if isinstance(event, kind)]

    def outcomes(self) -> list[str]:
        return [event.outcome for event in self.of(events.TurnEnd)]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON):
            while not true():
                await asyncio.sleep(0.001)

    async def ended(self, turns: int = 1) -> None:
        """Until so many turns are over, and the satellite listens again."""
        await self.until(lambda: len(self.outcomes()) >= turns and self.assistant.idle)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Kitchen, None]:
        async with asyncio.TaskGroup() as tasks, reachable(self.role, self.settings) as bound:
            self.uri = bound or ""
            running = (
                tasks.create_task(self.assistant.run(self.listener.begin)),
                tasks.create_task(self.role.run(self.assistant, self.listener.begin)),
                tasks.create_task(self.listener.run(lambda: False)),
            )
            await asyncio.sleep(0)
            try:
                yield self
            finally:
                for task in running:
                    task.cancel()


class House:
    """A Home Assistant that does what it is told, but for pings, which it answers by itself."""

    def __init__(self, connection: Connection) -> None:
        self.log: list[Event] = []
        """What the satellite sent, pings and pongs left out."""
        self.pongs = 0
        self.tells_pongs = False
        """The log has the answers to our pings, too."""
        self.alive = True
        """It answers pings."""
        self.gone = False
        """The satellite has hung up."""
        self.connection = connection
        self._next = 0

    async def listen(self) -> None:
        while (event := await self.connection.read()) is not None:
            if event.type == "ping":
                if self.alive:
                    await self.send("pong", **event.data)
                continue
            self.pongs += event.type == "pong"
            if event.type != "pong" or self.tells_pongs:
                self.log.append(event)

    async def send(self, kind: str, payload: bytes | None = None, **data: Any) -> None:
        await self.connection.write(Event(kind, data, payload))

    async def expect(self, kind: str) -> Event:
        """The next event of a kind; what comes before it is passed over."""
        async with asyncio.timeout(SOON):
            while True:
                while self._next < len(self.log):
                    event = self.log[self._next]
                    self._next += 1
                    if event.type == kind:
                        return event
                await asyncio.sleep(0.001)

    async def past_chunks(self, passed: int) -> int:
        """Wait for an event after so many that is of no row of chunks that began before."""
        async with asyncio.timeout(SOON):
            while True:
                while 0 < passed < len(self.log) and (
                    self.log[passed].type == self.log[passed - 1].type == "audio-chunk"
                ):
                    passed += 1
                if passed < len(self.log):
                    return passed
                await asyncio.sleep(0.001)

    def kinds(self) -> list[str]:
        """The kinds of events that came, each row of chunks as one."""
        kinds = [event.type for event in self.log]
        return [k for i, k in enumerate(kinds) if i == 0 or k != kinds[i - 1]]

    def heard(self) -> bytes:
        """The microphone's sound that came."""
        return b"".join(event.payload or b"" for event in self.log if event.type == "audio-chunk")

    async def speak(self, seconds: float = 0.5, end: bool = True) -> None:
        """Send sound, at once, as Home Assistant does."""
        form = {"rate": RATE, "width": 2, "channels": 1}
        await self.connection.write(AudioStart(**form, timestamp=0).event())
        for _ in range(round(seconds * RATE / 1024)):
            await self.connection.write(AudioChunk(**form, audio=b"\x10\x00" * 1024).event())
        if end:
            await self.connection.write(AudioStop().event())

    async def answer(self, asked: str, text: str, seconds: float = 0.5) -> None:
        """A run's events from the transcript on."""
        await self.send("voice-stopped", timestamp=2000)
        await self.send("transcript", text=asked)
        await self.send("synthesize", text=text, voice={"name": "en", "language": None})
        await self.speak(seconds)

    def leave(self) -> None:
        """Die without a word."""
        self.connection.abort()


@asynccontextmanager
async def house(kitchen: Kitchen, drive: bool = True) -> AsyncGenerator[House, None]:
    """A Home Assistant that is connected."""
    connection = await connect(kitchen.uri, SOON)
    home = House(connection)
    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(_listen(home))
        try:
            if drive:
                await home.send("run-satellite")
                await home.send("describe")
                await home.expect("info")
            yield home
        finally:
            listening.cancel()
            home.leave()


async def _listen(home: House) -> None:
    with suppress(WireError):  # one of the two hung up
        await home.listen()
    home.gone = True
