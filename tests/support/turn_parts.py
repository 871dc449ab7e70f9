"""The parts of a satellite that take turns and speak, put together for a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from satellite.announcements.announcer import Announcer
from satellite.announcements.broadcasts import Broadcasts
from satellite.audio.playback import Playback
from satellite.engines.reload import Reload
from satellite.events import Event
from satellite.http.controls import Controls
from satellite.lib.bus import Bus
from satellite.listening.mute import Mute
from satellite.listening.people.recognition import SpeakerRecognition
from satellite.listening.utterance import Utterance
from satellite.net.memory_budget import MemoryBudget
from satellite.ports import EngineContext, Wake
from satellite.settings import Settings
from satellite.timers import TimerManager
from satellite.turns.actions import ActionRunner
from satellite.turns.activity import Activity
from satellite.turns.assistants import Assistant, Assistants
from satellite.turns.context import Engines
from satellite.turns.driver import Driver
from satellite.turns.follow_up import FollowUp
from satellite.turns.manager import TurnManager
from satellite.turns.satellite_context import SatelliteContext
from satellite.turns.sounds import Sounds
from satellite.turns.speech_output import SpeechOutput
from tests.support.engines import ScriptedWake
from tests.support.ring_words import english_rings


class SpeechParts:
    """What speaks outside of turns, as `satellite.app` makes it."""

    def __init__(
        self,
        settings: Settings,
        engines: Engines,
        playback: Playback,
        publish: Callable[[Event], None],
        mute: Mute | None = None,
    ) -> None:
        self.settings = settings
        self.engines = engines
        self.playback = playback
        self.publish = publish
        self.mute = mute or Mute(publish)
        self.activity = Activity(publish, self.mute)
        self.sounds = Sounds(settings, engines.tts, playback, self.activity)
        self.timers = TimerManager(publish, self.sounds.ring, settings.cues.timer, english_rings)
        self.output = SpeechOutput(self.activity, self.sounds, self.timers)
        self.announcer = Announcer(self.output, settings, engines.tts)
        self.broadcasts = Broadcasts(settings, self.announcer)


class TurnParts:
    """The turns of a satellite that speaks, and the controls of both."""

    def __init__(
        self,
        speech: SpeechParts,
        listen_now: Callable[[], bool] = lambda: False,
        driver: Callable[[Utterance], Driver | None] = lambda utterance: None,
        assistants: Assistants | None = None,
        bus: Bus | None = None,
        memory: MemoryBudget | None = None,
        people: SpeakerRecognition | None = None,
    ) -> None:
        """`bus` and `memory` are those of the controls."""
        self.speech = speech
        self.follow_up = FollowUp(speech.settings.listen.follow_up)
        self.context = SatelliteContext(
            speech.settings,
            speech.publish,
            speech.activity,
            speech.playback,
            speech.sounds,
            speech.timers,
            ActionRunner(
                speech.timers,
                speech.playback,
                speech.mute,
                self.follow_up.request,
                speech.broadcasts.submit,
            ),
        )
        self.manager = TurnManager(
            speech.settings,
            assistants or Assistants(Assistant(speech.settings, speech.engines)),
            self.context,
            speech.activity,
            speech.sounds,
            speech.timers,
            speech.mute,
            self.follow_up,
            listen_now,
            driver,
            people,
        )
        self.controls = Controls(
            speech.settings,
            bus or Bus(),
            self.context,
            speech.activity,
            speech.output,
            speech.sounds,
            speech.mute,
            speech.announcer,
            listen_now=listen_now,
            reload=Reload(speech.settings, ScriptedWake(), None, _adopt, EngineContext()).now,
            facts=dict,
            memory=memory,
        )

    async def run(self) -> None:
        """Take turns, play sounds and ring timers until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.speech.sounds.run())
            tasks.create_task(self.speech.timers.run())
            await self.manager.run()


async def _adopt(settings: Settings, engine: Wake | None) -> None:
    raise AssertionError("there are no settings to read again")
