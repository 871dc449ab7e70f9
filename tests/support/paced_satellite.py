"""A satellite with a microphone and a speaker in real or virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from satellite import events
from satellite.audio.capture import Capture
from satellite.audio.playback import Playback
from satellite.lib.persistence import StoredValue
from satellite.listening.listener import Listener
from satellite.listening.microphone import Microphone
from satellite.listening.mute import Mute
from satellite.listening.utterance import Utterance
from satellite.ports import Wake
from satellite.settings import CueSettings, Settings
from satellite.turns.assistants import Assistant, Assistants
from satellite.turns.context import Engines
from satellite.turns.driver import Driver
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.paced_devices import PacedMic, PacedSpeaker
from tests.support.scripted_satellite import SILENCE, VOICE, WAKE, MarkVad, MarkWake
from tests.support.turn_parts import SpeechParts, TurnParts

STEP = 0.01
"""Seconds between checks of a condition."""

QUIET = Settings(name="paced", cues=CueSettings(awake=False, follow_up=False, mute=False))


class PacedSatellite:
    """The satellite, its devices and its events."""

    def __init__(
        self,
        settings: Settings = QUIET,
        engines: Engines | None = None,
        *,
        assistants: Assistants | None = None,
        driver: Callable[[Utterance], Driver | None] = lambda utterance: None,
        kept: StoredValue[bool] | None = None,
        wake: Wake | None = None,
    ) -> None:
        self.happened: list[events.Event] = []
        self.utterances: list[Utterance] = []
        self.mic, self.speaker = PacedMic(), PacedSpeaker()
        mute = Mute(self.note, kept)
        self.playback = Playback(self.speaker, self.note, settings.deadlines.speaker)
        used = engines or Engines(ScriptedAsr(), ScriptedLlm(), ScriptedTts())
        self.speech = SpeechParts(settings, used, self.playback, self.note, mute)
        self.activity, self.timers = self.speech.activity, self.speech.timers
        self.output, self.mute = self.speech.output, mute
        self.microphone = Microphone(Capture(self.mic, self.note), mute, self.note)
        self.listener = Listener(
            self.microphone, wake or MarkWake(), MarkVad(), settings.listen, self.note
        )
        self.assistants = assistants or Assistants(Assistant(settings, used))
        self.parts = TurnParts(self.speech, self.listener.listen_now, driver, self.assistants)
        self.turns, self.controls = self.parts.manager, self.parts.controls

    def note(self, event: events.Event) -> None:
        """Record an event."""
        self.happened.append(event)

    def woken(self, utterance: Utterance) -> bool:
        """Record an utterance that starts a turn."""
        taken = self.turns.start(utterance)
        if taken:
            self.utterances.append(utterance)
        return taken

    def of(self, kind: type[Any]) -> list[Any]:
        """Return the events of one kind, in order."""
        return [event for event in self.happened if isinstance(event, kind)]

    def outcomes(self) -> list[str]:
        """Return the outcomes of turns, in order."""
        return [event.outcome for event in self.of(events.TurnEnd)]

    def ask(self) -> None:
        """Supply the wake word, a pause, a request, and silence to its end."""
        self.mic.say((WAKE, 0.03), (SILENCE, 0.4), (VOICE, 1.0), (SILENCE, 1.0))

    async def until(self, true: Callable[[], bool], seconds: float = 60.0) -> float:
        """Wait for a condition; return the seconds that it took."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not true():
            if loop.time() - began > seconds:
                raise TimeoutError(f"it did not happen; so far: {self.happened[-5:]}")
            await asyncio.sleep(STEP)
        return loop.time() - began

    async def speaking(self) -> None:
        """Wait until a reply plays."""
        await self.until(lambda: self.activity.phase == "speaking")

    async def ended(self, turns: int = 1) -> None:
        """Wait until this many turns are over and the satellite is idle."""
        await self.until(lambda: len(self.outcomes()) >= turns and self.activity.idle)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[PacedSatellite, None]:
        """Run the satellite during this block."""
        async with asyncio.TaskGroup() as tasks:
            await self.microphone.open()
            running = (
                tasks.create_task(self.parts.run()),
                tasks.create_task(self.listener.run(self.woken, lambda: False)),
            )
            await asyncio.sleep(0.5)
            try:
                yield self
            finally:
                for task in running:
                    task.cancel()
