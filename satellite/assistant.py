"""The assistant: takes turns, owns the phase, and does what the brain asks for."""

from __future__ import annotations

import asyncio
import datetime
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from satellite import actions, events
from satellite.audio.playback import Playback
from satellite.bus import Bus
from satellite.conversation import Conversation
from satellite.driver import Driver
from satellite.errors import EngineFailed, SatelliteError
from satellite.outcome import Answered, Cancelled
from satellite.settings import Settings
from satellite.sounds import Sounds
from satellite.stage import Engines, PhaseName
from satellite.timers import Timers
from satellite.turn import Turn
from satellite.utterance import Utterance
from satellite.values import Action, AudioChunk, Situation

_LOGGER = logging.getLogger(__name__)

YIELD = 2.0
"""Seconds a cancelled turn may take to let go of the speaker and its engines."""


class Assistant:
    """Everything between the listener and the speaker, one turn at a time.

    `driver` says who takes a turn in our place, if anybody does.
    """

    def __init__(
        self,
        settings: Settings,
        engines: Engines,
        playback: Playback,
        bus: Bus,
        driver: Callable[[Utterance], Driver | None] = lambda utterance: None,
    ) -> None:
        self.publish = bus.publish
        self._settings = settings
        self._engines = engines
        self._playback = playback
        self._driver = driver
        self._sounds = Sounds(settings, engines.tts, playback)
        self._conversation = Conversation()
        self.timers = Timers(bus.publish, self._ring, settings.cues.timer)
        self._phase: PhaseName = "idle"
        self._announcing = False
        self._muted = False
        self._listen_on: Callable[[], bool] = lambda: False
        self._resting = asyncio.Event()
        self._resting.set()
        self._turn: asyncio.Task[None] | None = None
        self._tasks: asyncio.TaskGroup | None = None

    @property
    def idle(self) -> bool:
        """No turn is running."""
        return self._turn is None

    @property
    def quiet(self) -> bool:
        """Nothing is said here, and nobody is listened to."""
        return self.idle and not self._announcing and not self._muted

    async def run(self, listen_on: Callable[[], bool] = lambda: False) -> None:
        """Take turns and ring timers until cancelled.

        `listen_on` has somebody listened to who has not said the wake word.
        """
        self._listen_on = listen_on
        try:
            async with asyncio.TaskGroup() as self._tasks:
                await self.timers.run()
        finally:
            self._tasks = None

    def woken(self, utterance: Utterance) -> bool:
        """Begin a turn, ending the one that runs; False when that one shall go on."""
        barging = not self.idle and utterance.detection is not None
        if self._tasks is None or self._muted or (barging and not self._settings.listen.barge_in):
            return False
        if (heard := utterance.detection) is not None:
            self.publish(events.Wake(word=heard.word, score=heard.score, turn=utterance.id))
        if (driver := self._driver(utterance)) is not None:
            self.timers.dismiss()  # others cannot be asked to stop what rings here
        turn = Turn(utterance, self._engines, self._conversation, self._settings, self, driver)
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
            timers=self.timers.states(),
            volume=self._playback.volume,
            ringing=self.timers.ringing,
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
                self.timers.start(seconds, name)
            case actions.CancelTimer(id=id_):
                self.timers.cancel(id_)
            case actions.SetVolume(level=level):
                self._playback.volume = level
            case actions.Stop():
                self.timers.dismiss()

    async def play(
        self, audio: AsyncGenerator[AudioChunk, None], on_first: Callable[[], None] | None = None
    ) -> None:
        """Play speech and return when it has been heard. Raises `DeviceError`."""
        await self._playback.play(audio, on_first=on_first)

    async def apologise(self, reason: str, error: SatelliteError | None = None) -> None:
        """Say that it did not work, and why, or make the sound for it. Raises `DeviceError`."""
        await self._sounds.apologise(reason, error)

    async def announce(self, audio: AsyncIterator[AudioChunk], chime: bool = True) -> None:
        """Play what was not asked for, between two turns; a wake word ends it."""
        await self._resting.wait()
        self._announcing = True
        self.publish(events.Announce(text=""))
        self.enter("speaking")
        try:
            await self._sounds.announce(audio, chime)
        finally:
            self._announcing = False
            if self.idle:
                self.enter("idle")

    def mute(self, muted: bool) -> None:
        """Listen to nobody, or again to everybody. A turn that is still listening ends."""
        if muted != self._muted:
            self._muted = muted
            self.publish(events.Mute(muted=muted))
        if muted and self._turn is not None and self._phase == "listening":
            self._turn.cancel()

    async def _take(self, turn: Turn, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            before.cancel()
            await asyncio.wait([before], timeout=YIELD)
        await self._playback.stop()  # a timer may be ringing
        self.enter("listening")
        async with asyncio.TaskGroup() as tasks:
            if self._settings.cues.awake and turn.wakened:
                tasks.create_task(self._sounds.signal("awake"))
            await turn.run()
        if self._asks(turn):
            await self._sounds.signal("done")
            self._listen_on()

    def _asks(self, turn: Turn) -> bool:
        """The turn ended in a question, and its answer shall be listened to."""
        driven = turn.driver is not None and self._settings.homeassistant.follow_up
        said = turn.outcome.reply if isinstance(turn.outcome, Answered) else ""
        return driven and said.rstrip().endswith("?")

    def _over(self, task: asyncio.Task[None], turn: Turn) -> None:
        turn.end(Cancelled())
        if self._turn is task:
            self._turn = None
            self.enter("idle")
            self._resting.set()

    async def _ring(self) -> None:
        await self._resting.wait()
        await self._sounds.signal("timer")
