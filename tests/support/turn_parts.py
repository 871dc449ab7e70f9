"""The parts of a satellite that take turns and speak, put together for a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from satellite.audio.playback import Playback
from satellite.engines.reload import Reload
from satellite.events import Event
from satellite.http.controls import Controls
from satellite.lib.bus import Bus
from satellite.listening.melody.melody import Melody
from satellite.listening.mute import Mute
from satellite.listening.people.recognition import SpeakerRecognition
from satellite.listening.utterance import Utterance
from satellite.net.memory_budget import MemoryBudget
from satellite.ports import EngineContext, Wake
from satellite.settings import Settings
from satellite.turns import parts
from satellite.turns.assistants import Assistant, Assistants
from satellite.turns.context import Engines
from satellite.turns.driver import Driver
from satellite.turns.follow_up import FollowUp
from tests.support.engines import ScriptedWake


class SpeechParts(parts.SpeechParts):
    """What speaks outside of turns."""

    def __init__(
        self,
        settings: Settings,
        engines: Engines,
        playback: Playback,
        publish: Callable[[Event], None],
        mute: Mute | None = None,
    ) -> None:
        super().__init__(settings, engines.tts, playback, publish, mute or Mute(publish))
        self.engines = engines


class TurnParts(parts.TurnParts):
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
        melody: Melody | None = None,
    ) -> None:
        """`bus` and `memory` are those of the controls."""
        super().__init__(
            speech,
            assistants or Assistants(Assistant(speech.settings, speech.engines)),
            FollowUp(speech.settings.listen.follow_up),
            listen_now,
            driver,
            people,
            melody,
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
