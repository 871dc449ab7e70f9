"""The assistant: takes turns, owns the phase, and does what the brain asks for."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from satellite import events
from satellite.audio.playback import Playback
from satellite.errors import SatelliteError
from satellite.events import PhaseName
from satellite.lib.bus import Bus
from satellite.lib.persistence import StoredValue
from satellite.listening.mute import USER, Mute
from satellite.listening.utterance import Utterance
from satellite.settings import Settings
from satellite.timers import TimerManager
from satellite.timers.ringing import Ring
from satellite.timers.schedule import Schedule
from satellite.turns.actions import ActionRunner
from satellite.turns.assistants import Assistant, Assistants
from satellite.turns.context import Engines
from satellite.turns.driver import Driver
from satellite.turns.follow_up import FollowUp
from satellite.turns.outcome import Cancelled
from satellite.turns.sounds import Sounds
from satellite.turns.turn import Turn
from satellite.values import Action, AudioChunk, Message, Situation

YIELD = 2.0
"""Seconds a cancelled turn may take to let go of the speaker and its engines."""


class TurnManager:
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
        *,
        personas: Assistants | None = None,
        mute: Mute | None = None,
        kept: StoredValue[Schedule] | None = None,
    ) -> None:
        self.publish = bus.publish
        self.muting = mute or Mute(bus.publish)
        self._settings = settings
        self._personas = personas or Assistants(Assistant(settings, engines))
        self._persona = self._personas.first
        """Who answers, or answered last."""
        self._playback = playback
        self._driver = driver
        self._sounds = Sounds(settings, engines.tts, playback)
        self.timers = TimerManager(bus.publish, self._ring, settings.cues.timer, kept)
        self._follow_up = FollowUp(settings.listen.follow_up)
        self._answering = False
        """Whoever is listened to next answers what was asked."""
        self._deeds = ActionRunner(self.timers, playback, self.muting, self._follow_up.wish)
        self._phase: PhaseName = "idle"
        self._announcing = False
        self._one_announcement = asyncio.Lock()
        self.muting.listen(self._tell_muted)
        self._listen_on: Callable[[], bool] = lambda: False
        self._resting = asyncio.Event()
        self._resting.set()
        self._turn: asyncio.Task[None] | None = None
        self._tasks: asyncio.TaskGroup | None = None

    @property
    def phase(self) -> PhaseName:
        """What the satellite does now."""
        return self._phase

    @property
    def idle(self) -> bool:
        """No turn is running."""
        return self._turn is None

    @property
    def quiet(self) -> bool:
        """Nothing is said here, and nobody is listened to."""
        return self.idle and not self._announcing and not self.muting.muted

    @property
    def talking(self) -> bool:
        """Something is said or rung that "stop" would be meant for."""
        return self._phase == "speaking" or self.timers.ringing

    @property
    def busy(self) -> bool:
        """A turn runs, or something is said or rung that can be told to stop."""
        return not self.idle or self.talking

    @property
    def heard(self) -> float:
        """See `satellite.turns.context.TurnContext`."""
        return self._playback.heard

    def history(self) -> tuple[Message, ...]:
        """What was said to whoever answered last, and what of the answers was heard."""
        return self._persona.conversation.history()

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

    def accepts(self, utterance: Utterance) -> bool:
        """Whether a turn would begin with this utterance now."""
        barging = not self.idle and utterance.detection is not None
        unwanted = self.muting.muted or (barging and not self._settings.listen.barge_in)
        return self._tasks is not None and not unwanted

    def start(self, utterance: Utterance) -> bool:
        """Begin a turn, ending the one that runs; False when that one shall go on."""
        if self._tasks is None or not self.accepts(utterance):
            return False
        utterance.answers, self._answering = self._answering, False
        if (heard := utterance.detection) is not None:
            self.publish(events.Wake(word=heard.word, score=heard.score, turn=utterance.id))
        if not utterance.answers:
            self._persona = self._personas.of(heard)
        persona = self._persona
        driver = None if persona.local else self._driver(utterance)
        if driver is not None:
            self.timers.dismiss()  # others cannot be asked to stop what rings here
        turn = Turn(
            utterance, persona.engines, persona.conversation, persona.settings, self, driver
        )
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
            if phase == "thinking" and self._settings.cues.done and self._tasks is not None:
                self._tasks.create_task(self._sounds.signal("done"), name="done")

    def situation(self) -> Situation:
        """What the brain is told of this satellite."""
        return Situation(
            satellite=self._settings.name,
            now=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            area=self._settings.area or None,
            timers=self.timers.states(),
            alarms=self.timers.alarms(),
            volume=self._playback.volume,
            ringing=self.timers.ringing,
            names=self._settings.home.names,
            areas=self._settings.home.areas,
        )

    def broadcasting(self, broadcast: Callable[[str], None]) -> None:
        """Have somebody tell the other satellites what shall be told there."""
        self._deeds.broadcast = broadcast

    def act(self, action: Action) -> None:
        """Do what the brain asks for; what cannot be done is logged and left."""
        self._deeds.act(action)

    async def play(
        self, audio: AsyncGenerator[AudioChunk, None], on_first: Callable[[], None] | None = None
    ) -> None:
        """Play speech and return when it has been heard. Raises `DeviceError`."""
        await self._playback.play(audio, on_first=on_first)

    async def apologise(self, reason: str, error: SatelliteError | None = None) -> None:
        """Say that it did not work, and why, or make the sound for it. Raises `DeviceError`."""
        await self._sounds.apologise(reason, error)

    async def announce(
        self, audio: AsyncIterator[AudioChunk], chime: bool = True, text: str = ""
    ) -> bool:
        """Play what was not asked for, between two turns; say whether it was heard to its end.

        A wake word ends it. `text` is what is said, where that is known.
        """
        async with self._one_announcement:
            await self._resting.wait()
            self._announcing = True
            self.publish(events.Announce(text=text))
            self.enter("speaking")
            try:
                return await self._sounds.announce(audio, chime)
            finally:
                self._announcing = False
                if self.idle:
                    self.enter("idle")

    def interrupt(self) -> None:
        """End the turn that runs, whatever it does, or what is announced: something is urgent."""
        if self._turn is not None:
            self._turn.cancel()
        elif self._announcing:
            self.hush()

    def mute(self, muted: bool, by: str = USER) -> None:
        """Close the microphone, or open it again as far as `by` is concerned: see `Mute`."""
        self.muting.set(muted, by)
        if by == USER and self._settings.cues.mute and self._tasks is not None:
            self._tasks.create_task(self._sounds.signal("mute" if muted else "unmute"))

    def withdraw(self, utterance: Utterance) -> None:
        """End the turn that an utterance began, without a sound, if it is still listening."""
        ours = self._turn is not None and self._turn.get_name() == f"turn {utterance.id}"
        if self._turn is not None and ours and self._phase == "listening":
            self._turn.cancel()

    def hush(self) -> None:
        """End what is said or rung: somebody has said "stop", or pressed a button."""
        self.timers.dismiss()
        if self._turn is not None and self._phase == "speaking":
            self._turn.cancel()
        elif self._announcing and self._tasks is not None:
            self._tasks.create_task(self._playback.stop(), name="hush")

    async def _take(self, turn: Turn, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            before.cancel()
        await self._playback.stop()  # also an announcement, and a timer that rings
        if before is not None:
            await asyncio.wait([before], timeout=YIELD)
        self._follow_up.begin(not turn.answers)
        self.enter("listening")
        async with asyncio.TaskGroup() as tasks:
            if self._settings.cues.awake and turn.wakened:
                tasks.create_task(self._sounds.signal("awake"))
            await turn.run()
        if self._follow_up.wanted(turn.outcome) and not self.muting.muted:
            if self._settings.cues.follow_up:
                await self._sounds.signal("follow_up")
            self._answering = True
            self._answering = self._listen_on() and self._answering

    def _tell_muted(self, muted: bool) -> None:
        if muted and self._turn is not None and self._phase == "listening":
            self._turn.cancel()

    def _over(self, task: asyncio.Task[None], turn: Turn) -> None:
        turn.end(Cancelled())
        if self._turn is task:
            self._turn = None
            self.enter("idle")
            self._resting.set()

    async def _ring(self, ring: Ring) -> None:
        await self._resting.wait()
        await self._sounds.ring(ring)
