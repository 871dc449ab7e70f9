"""The assistant: takes turns, owns the phase, and does what the brain asks for."""

from __future__ import annotations

import asyncio
import datetime
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from satellite import actions, events
from satellite.apologies import apology
from satellite.audio.cues import cue
from satellite.audio.playback import Playback
from satellite.bus import Bus
from satellite.conversation import Conversation
from satellite.deadline import within
from satellite.errors import DeviceError, EngineError, EngineFailed, SatelliteError, WireError
from satellite.listen import Utterance
from satellite.outcome import Cancelled
from satellite.settings import Settings
from satellite.stage import Engines, PhaseName
from satellite.timers import Timers
from satellite.turn import Turn
from satellite.values import Action, AudioChunk, Situation, SpeechRequest

_LOGGER = logging.getLogger(__name__)

YIELD = 2.0
"""Seconds a cancelled turn may take to let go of the speaker and its engines."""


class Assistant:
    """Everything between the listener and the speaker, one turn at a time."""

    def __init__(self, settings: Settings, engines: Engines, playback: Playback, bus: Bus) -> None:
        self.publish = bus.publish
        self._settings = settings
        self._engines = engines
        self._playback = playback
        self._conversation = Conversation()
        self._timers = Timers(bus.publish, self._ring, settings.cues.timer)
        self._phase: PhaseName = "idle"
        self._resting = asyncio.Event()
        self._resting.set()
        self._turn: asyncio.Task[None] | None = None
        self._tasks: asyncio.TaskGroup | None = None

    @property
    def idle(self) -> bool:
        """No turn is running."""
        return self._turn is None

    async def run(self) -> None:
        """Take turns and ring timers until cancelled."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                await self._timers.run()
        finally:
            self._tasks = None

    def woken(self, utterance: Utterance) -> bool:
        """Begin a turn, ending the one that runs; False when that one shall go on."""
        if self._tasks is None or not (self.idle or self._settings.listen.barge_in):
            return False
        heard = utterance.detection
        self.publish(events.Wake(word=heard.word, score=heard.score, turn=utterance.id))
        turn = Turn(utterance, self._engines, self._conversation, self._settings, self)
        task = self._tasks.create_task(self._take(turn, self._turn), name=f"turn {turn.id}")
        # not in the task itself: one that is cancelled before its first step never runs
        task.add_done_callback(lambda task: self._over(task, turn))
        self._turn = task
        self._resting.clear()
        return True

    def enter(self, phase: PhaseName) -> None:
        """Announce what the satellite does now: the one place where the phase changes."""
        if phase != self._phase:
            self._phase = phase
            self.publish(events.Phase(phase=phase))

    def situation(self) -> Situation:
        """What the brain is told of this satellite."""
        return Situation(
            satellite=self._settings.name,
            now=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            area=self._settings.area or None,
            timers=self._timers.states(),
            volume=self._playback.volume,
            ringing=self._timers.ringing,
            names=self._settings.home.names,
            areas=self._settings.home.areas,
        )

    def act(self, action: Action) -> None:
        """Do what the brain asks for; what cannot be done is logged and left."""
        try:
            known = actions.read(action)
        except EngineFailed as error:
            _LOGGER.warning("%s", error)
            return
        match known:
            case actions.StartTimer(seconds=seconds, name=name):
                self._timers.start(seconds, name)
            case actions.CancelTimer(id=id_):
                self._timers.cancel(id_)
            case actions.SetVolume(level=level):
                self._playback.volume = level
            case actions.Stop():
                self._timers.dismiss()

    async def play(
        self, audio: AsyncGenerator[AudioChunk, None], on_first: Callable[[], None] | None = None
    ) -> None:
        """Play speech and return when it has been heard. Raises `DeviceError`."""
        await self._playback.play(audio, on_first=on_first)

    async def apologise(self, reason: str, error: SatelliteError | None = None) -> None:
        """Say that it did not work, and why, or make the sound for it. Raises `DeviceError`."""
        if self._settings.cues.error and reason != "understand":
            await self._playback.play_clip(cue("error"))
        if text := apology(reason, error):
            request = SpeechRequest(text=text, language="en")
            limit = self._settings.deadlines.tts
            speech = within(self._engines.tts.synthesize(request), limit, "text-to-speech")
            try:
                async with aclosing(speech):
                    await self._playback.play(speech)
            except (EngineError, WireError) as failure:
                _LOGGER.warning("cannot say %r: %s", text, failure)

    async def _take(self, turn: Turn, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            before.cancel()
            await asyncio.wait([before], timeout=YIELD)
        await self._playback.stop()  # a timer may be ringing
        self.enter("listening")
        async with asyncio.TaskGroup() as tasks:
            if self._settings.cues.awake:
                tasks.create_task(self._signal("awake"))
            await turn.run()

    def _over(self, task: asyncio.Task[None], turn: Turn) -> None:
        turn.end(Cancelled())
        if self._turn is task:
            self._turn = None
            self.enter("idle")
            self._resting.set()

    async def _signal(self, name: str) -> None:
        try:
            await self._playback.play_clip(cue(name))
        except DeviceError as error:
            _LOGGER.warning("no %s sound: %s", name, error)

    async def _ring(self) -> None:
        await self._resting.wait()
        await self._signal("timer")
