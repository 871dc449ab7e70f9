"""A satellite with flaky engines and disappearing devices, and the record of its turns."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

from satellite import events
from satellite.errors import DeviceError
from satellite.listening.utterance import Utterance
from satellite.settings import CueSettings, DeadlineSettings, Settings
from satellite.turns.context import Engines
from satellite.turns.driver import Driver
from satellite.values import SPEECH, AudioChunk
from tests.support.flaky_engines import FlakyAsr, FlakyLlm, FlakyTts
from tests.support.paced_satellite import PacedSatellite
from tests.support.scripted_satellite import SILENCE, VOICE

DEAF = 8.0
"""Seconds after which a wake word counts as missed: a lost microphone is back by then."""

SETTINGS = Settings(
    name="hallway",
    cues=CueSettings(timer=5),
    deadlines=DeadlineSettings(asr=3.0, llm=4.0, tts=3.0, speaker=3.0),
)

ENDLESS = 200.0
"""Seconds after which a turn counts as endless: all deadlines, and the playback of answers."""


class FlakySatellite(PacedSatellite):
    """The satellite, with a record of its turns and faults."""

    def __init__(
        self,
        seed: int,
        trouble: float,
        driver: Callable[[Utterance], Driver | None] = lambda utterance: None,
    ) -> None:
        """`trouble`: probability that a call of an engine goes wrong, 0 to 1; `driver` returns what
        takes a turn in place of the engines."""
        self.chance = chance = random.Random(seed)
        self.counted: Counter[str] = Counter()
        """Turns by outcome."""
        self.did: Counter[str] = Counter()
        self.faults: list[str] = []
        self.wakes = 0
        self._running: set[str] = set()
        self._over: deque[str] = deque(maxlen=100)
        self.asr = FlakyAsr(chance, trouble)
        self.llm = FlakyLlm(chance, trouble)
        self.tts = FlakyTts(chance, trouble)
        super().__init__(SETTINGS, Engines(self.asr, self.llm, self.tts), driver=driver)

    async def turn(self) -> None:
        """Ask something, cause random events meanwhile, and return when the satellite is idle."""
        await self._ask("wake word")
        for _ in range(self.chance.choice((0, 0, 1, 1, 2))):
            await asyncio.sleep(self.chance.uniform(0.0, 6.0))
            await self._happen()
        if not await self._happens(lambda: self.activity.idle, ENDLESS):
            self.faults.append(f"no end of turns {self._running}")
        if self._running and self.activity.idle:
            self.faults.append(f"no outcome of turns {self._running}")
            self._running.clear()
        await self._happens(lambda: self.mic.silent, DEAF)
        await asyncio.sleep(1.0)

    async def _happen(self) -> None:
        what = self.chance.choice(
            ("barge-in", "barge-in", "stop", "mute", "answer", "announcement", "loss")
        )
        phase = self.activity.phase
        self.did[what] += 1
        match what:
            case "barge-in" if phase in ("thinking", "speaking"):
                await self._ask("barge-in")
            case "stop":
                self.output.hush()
            case "mute":
                self.controls.mute(True)
                await asyncio.sleep(self.chance.uniform(0.0, 3.0))
                if self.mic.is_open:
                    self.faults.append("the microphone is open while it is muted")
                self.controls.mute(False)
            case "answer":
                self.mic.say((VOICE, 1.0), (SILENCE, 1.0))
            case "announcement":
                async with asyncio.TaskGroup() as tasks:
                    announcing = tasks.create_task(self._announce())
                    await asyncio.sleep(self.chance.uniform(0.0, 5.0))
                    announcing.cancel()
            case "loss" if self.chance.random() < 0.5:
                self.mic.losses = 1
            case "loss":
                self.speaker.losses = 1

    async def _ask(self, what: str) -> None:
        before, phase = self.wakes, self.activity.phase
        self.ask()
        if not await self._happens(lambda: self.wakes > before, DEAF):
            self.faults.append(f"a {what} was not heard in {phase}; {list(self.happened)[-12:]}")

    async def _announce(self) -> None:
        async def sound() -> AsyncGenerator[AudioChunk, None]:
            yield AudioChunk(audio=bytes(SPEECH.bytes_of(2.0)), format=SPEECH)

        async with aclosing(sound()) as audio:
            with suppress(DeviceError):  # the speaker is lost by chance
                await self.output.announce(audio)

    async def _happens(self, true: Callable[[], bool], seconds: float) -> bool:
        try:
            await self.until(true, seconds)
        except TimeoutError:
            return False
        return True

    def woken(self, utterance: Utterance) -> bool:
        """Count a wake word and start its turn."""
        taken = self.turns.start(utterance)
        if taken:
            self._running.add(utterance.id)
        return taken

    def note(self, event: events.Event) -> None:
        """Record an event."""
        self.happened[:-20] = []
        self.happened.append(event)
        if isinstance(event, events.Wake):
            self.wakes += 1
        if isinstance(event, events.TurnEnd):
            turn = event.turn or ""
            if turn in self._over or turn not in self._running:
                self.faults.append(f"turn {turn} ended twice, or never began")
            self._running.discard(turn)
            self._over.append(turn)
            self.counted[event.outcome] += 1
