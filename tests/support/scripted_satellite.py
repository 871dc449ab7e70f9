"""A satellite with scripted engines on a real port, and its room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from satellite import events
from satellite.audio.playback import Playback
from satellite.audio.tap import Fanout
from satellite.homeassistant.driver.current_link import CurrentLink
from satellite.homeassistant.driver.peer import HomeAssistantPeer
from satellite.homeassistant.driver.port import reachable
from satellite.homeassistant.driver.remote_wake import WakeStream
from satellite.homeassistant.driver.satellite_info import info_event
from satellite.lib.bus import Bus
from satellite.listening.listener import Listener, Utterance
from satellite.listening.melody.melody import Melody
from satellite.net.memory_budget import MemoryBudget
from satellite.settings import CueSettings, DeadlineSettings, HomeAssistantSettings, Settings
from satellite.turns.assistants import Assistant, Assistants
from satellite.turns.context import Engines
from satellite.values import SPEECH, Detection, DetectRequest, EngineInfo, ModelInfo
from tests.support.devices import ScriptedSpeaker
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.turn_parts import SpeechParts, TurnParts

SOON = 5.0
"""Seconds allowed for anything to happen."""

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
    """Detects voice in frames of the sample `VOICE`."""

    frame_samples = FRAME

    def load(self) -> None:
        pass

    def probability(self, frame: bytes) -> float:
        return frame.count(VOICE[:1]) * 2 / len(frame)

    def reset(self) -> None:
        pass


class MarkWake:
    """Detects its wake word in frames that contain the sample `WAKE`."""

    def __init__(self) -> None:
        self.heard = 0
        """Samples received."""

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
    """A microphone that delivers supplied sound faster than real time, and silence otherwise."""

    finished = False

    def __init__(self) -> None:
        self._said = bytearray()

    @property
    def silent(self) -> bool:
        """Whether no sound is left to deliver."""
        return not self._said

    def say(self, *parts: tuple[bytes, float]) -> None:
        for sample, seconds in parts:
            frames = max(1, round(seconds * SPEECH.rate / FRAME))
            self._said += sample * FRAME * frames

    def ask(self) -> None:
        """Supply the wake word, a pause, a request, and silence to its end."""
        self.say((WAKE, 0.03), (SILENCE, 0.5), (VOICE, 1.0), (SILENCE, 1.0))

    async def frames(self) -> AsyncGenerator[bytes, None]:
        size = FRAME * 2
        while True:
            frame, self._said = bytes(self._said[:size]), self._said[size:]
            yield frame or SILENCE * FRAME
            # let other tasks run; silence takes time
            await asyncio.sleep(0 if frame else 0.002)
            await asyncio.sleep(0)


class ScriptedSatellite:
    """A satellite with scripted engines, and its events."""

    def __init__(
        self,
        settings: Settings = QUIET,
        bus: Bus | None = None,
        memory: MemoryBudget | None = None,
        melody: Melody | None = None,
    ) -> None:
        self.uri = ""
        self.settings = settings
        self.happened: list[events.Event] = []
        self.room = Room()
        self.speaker = ScriptedSpeaker()
        self.asr, self.llm, self.tts = ScriptedAsr(), ScriptedLlm(), ScriptedTts()
        self.wake, vad = MarkWake(), MarkVad()
        playback = Playback(self.speaker, self.happened.append)
        engines = Engines(self.asr, self.llm, self.tts)
        self.speech = speech = SpeechParts(settings, engines, playback, self.happened.append)
        self.activity, self.timers, self.output = speech.activity, speech.timers, speech.output
        link = CurrentLink()
        self._link = link
        self.wake_stream = wake_stream = WakeStream(settings, vad, link, speech.activity)
        self.listener = Listener(
            Fanout(self.room, wake_stream.hear),
            self.wake,
            vad,
            settings.listen,
            self.happened.append,
            attentive=lambda: not wake_stream.active,
        )
        self.peer = HomeAssistantPeer(
            settings,
            link,
            wake_stream,
            speech.output,
            speech.announcer,
            speech.timers,
            speech.mute,
            listen_now=self.listener.listen_now,
            info=lambda: info_event(settings, self.wake.describe()),
            memory=memory,
            request_answer=lambda: self.parts.follow_up.request(),
            wyoming=settings.homeassistant.protocol != "esphome",
        )
        assistants = Assistants(Assistant(settings, engines))
        self.conversation = assistants.first.conversation
        self.parts = TurnParts(
            speech,
            self.listener.listen_now,
            self.peer.driver_for,
            assistants,
            bus=bus,
            memory=memory,
            melody=melody,
        )
        self.turns, self.context = self.parts.manager, self.parts.context
        self.accept: Callable[[Utterance], bool] = self.turns.start
        self.answer_age: Callable[[Utterance], float | None] = self.turns.answer_age

    @property
    def peer_drives(self) -> bool:
        """Whether Home Assistant is connected and takes turns."""
        return self._link.driving is not None

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.happened if isinstance(event, kind)]

    def outcomes(self) -> list[str]:
        return [event.outcome for event in self.of(events.TurnEnd)]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON):
            while not true():
                await asyncio.sleep(0.001)

    async def ended(self, turns: int = 1) -> None:
        """Wait until this many turns are over and the satellite listens again."""
        await self.until(lambda: len(self.outcomes()) >= turns and self.activity.idle)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[ScriptedSatellite, None]:
        async with (
            asyncio.TaskGroup() as tasks,
            reachable(self.settings) as port,
            port.open(self.peer),
        ):
            self.uri = port.bound or ""
            running = (
                tasks.create_task(self.parts.run()),
                tasks.create_task(self.peer.run()),
                tasks.create_task(self.listener.run(self.accept, lambda: False, self.answer_age)),
            )
            await asyncio.sleep(0)
            try:
                yield self
            finally:
                for task in running:
                    task.cancel()
