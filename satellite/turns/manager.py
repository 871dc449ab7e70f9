"""The turn manager: starts turns, one at a time, and listens on after a question."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from time import monotonic

from satellite import events
from satellite.lib.containment import Containment
from satellite.listening.melody.melody import Melody
from satellite.listening.mute import Mute
from satellite.listening.people.recognition import SpeakerRecognition
from satellite.listening.utterance import Utterance
from satellite.settings import Settings
from satellite.timers import TimerManager
from satellite.turns.activity import Activity
from satellite.turns.assistants import Assistants
from satellite.turns.context import TurnContext
from satellite.turns.driver import Driver
from satellite.turns.follow_up import FollowUp
from satellite.turns.outcome import Cancelled
from satellite.turns.packs import read_packs
from satellite.turns.sounds import Sounds
from satellite.turns.turn import Turn

_LOGGER = logging.getLogger(__name__)

YIELD = 2.0
"""Seconds a cancelled turn may take to let go of the speaker and its engines."""


class TurnManager:
    """Starts a turn with each utterance; a new turn ends the one that runs."""

    def __init__(
        self,
        settings: Settings,
        assistants: Assistants,
        context: TurnContext,
        activity: Activity,
        sounds: Sounds,
        timers: TimerManager,
        mute: Mute,
        follow_up: FollowUp,
        listen_now: Callable[[], bool],
        driver: Callable[[Utterance], Driver | None],
        people: SpeakerRecognition | None = None,
        melody: Melody | None = None,
    ) -> None:
        """`listen_now` starts an utterance without a wake word, `driver` returns the driver that
        takes a turn instead of the satellite, if any; `people` recognizes the speaker, and `melody`
        hears the ends of our own turns."""
        self._melody = melody
        self._people = people
        self._settings = settings
        self._assistants = assistants
        self._assistant = assistants.first
        """The assistant of the newest turn."""
        self._context = context
        self._activity = activity
        self._sounds = sounds
        self._timers = timers
        self._mute = mute
        self._follow_up = follow_up
        self._listen_now = listen_now
        self._driver = driver
        self._awaiting_answer = False
        """The next utterance answers a question of the satellite."""
        self._newest: Turn | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._running = asyncio.Event()
        self._containment = Containment("a turn")

    @property
    def busy(self) -> bool:
        """A turn runs, or something is said or rung that can be stopped."""
        return not self._activity.idle or self._activity.phase == "speaking" or self._timers.ringing

    async def run(self) -> None:
        """Accept turns until cancelled."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._running.set()
                await asyncio.to_thread(read_packs, self._assistants.languages)
                await asyncio.Event().wait()
        finally:
            self._tasks = None
            self._running.clear()

    async def wait_until_running(self) -> None:
        """Wait until turns are accepted."""
        await self._running.wait()

    def answer_age(self, utterance: Utterance) -> float | None:
        """Return the seconds since the answer to an utterance began to be heard; None before."""
        turn = self._newest
        if turn is None or turn.id != utterance.id or turn.answered_mono is None:
            return None
        return monotonic() - turn.answered_mono

    def accepts(self, utterance: Utterance) -> bool:
        """Whether a turn would begin with this utterance now."""
        joining = utterance.continues is not None
        barging = not self._activity.idle and utterance.detection is not None and not joining
        silenced = self._mute.muted and utterance.text is None
        unwanted = silenced or (barging and not self._settings.listen.barge_in)
        return self._tasks is not None and not unwanted

    def start(self, utterance: Utterance) -> bool:
        """Start a turn, ending the one that runs; return False if the utterance is not accepted."""
        if self._tasks is None or not self.accepts(utterance):
            return False
        if utterance.continues is not None:
            return self._join(self._tasks, utterance, self._newest)
        utterance.is_answer, self._awaiting_answer = self._awaiting_answer, False
        if utterance.is_answer:
            utterance.answers = self._follow_up.answers
        if (detection := utterance.detection) is not None:
            wake = events.Wake(word=detection.word, score=detection.score, turn=utterance.id)
            self._context.publish(wake)
        if not utterance.is_answer:
            self._assistant = self._assistants.find(detection)
        assistant = self._assistant
        written = utterance.text is not None
        driver = None if assistant.local or written else self._driver(utterance)
        if driver is not None:
            self._timers.dismiss()  # a driver cannot stop what rings here
        self._begin(self._tasks, utterance, driver)
        return True

    def _join(self, tasks: asyncio.TaskGroup, utterance: Utterance, first: Turn | None) -> bool:
        """Start the turn of an utterance that continues that of the `first` turn, which ends. A
        driver has taken what it heard already."""
        if first is None or first.id != utterance.continues or first.driver is not None:
            return False
        utterance.is_answer, utterance.answers = first.is_answer, first.answers
        _LOGGER.info("turn %s was cut off, and goes on as turn %s", first.id, utterance.id)
        self._context.publish(events.Joined(first=first.id, turn=utterance.id))
        if (former := self._activity.turn) is not None:
            former.cancel()  # at once, so that it does nothing more
        self._begin(tasks, utterance, None, first)
        return True

    def _begin(
        self,
        tasks: asyncio.TaskGroup,
        utterance: Utterance,
        driver: Driver | None,
        first: Turn | None = None,
    ) -> None:
        """Begin a turn with the current assistant."""
        assistant = self._assistant
        if self._people is not None and utterance.text is None:
            utterance.voice_check = self._people.begin()
        self._newest = turn = Turn(
            utterance,
            assistant.engines,
            assistant.conversation,
            assistant.settings,
            self._context,
            driver,
            first,
            assistant.openings,
            self._melody,
        )
        work = partial(self._run, turn, self._activity.turn)
        task = tasks.create_task(self._containment.once(work), name=_name(utterance))
        # not in the task itself: one that is cancelled before its first step never runs
        task.add_done_callback(lambda task: self._end(task, turn))
        self._activity.begin_turn(task)

    def withdraw(self, utterance: Utterance) -> None:
        """End the turn of an utterance, without a sound, if it is still listening."""
        turn = self._activity.turn
        ours = turn is not None and turn.get_name() == _name(utterance)
        if turn is not None and ours and self._activity.phase == "listening":
            turn.cancel()

    async def _run(self, turn: Turn, former: asyncio.Task[None] | None) -> None:
        if former is not None and not former.cancelling():
            former.cancel()
        await self._sounds.stop()  # also an announcement, and a timer that rings
        if former is not None:
            await asyncio.wait([former], timeout=YIELD)
        self._follow_up.begin(turn.is_answer)
        if not turn.is_written:
            self._context.enter("listening")
        async with asyncio.TaskGroup() as tasks:
            if self._settings.cues.awake and turn.by_wake_word:
                tasks.create_task(self._sounds.play_cue("awake"))
            await turn.run()
        if self._follow_up.wanted(turn.outcome, turn.language) and not self._mute.muted:
            if self._settings.cues.follow_up:
                await self._sounds.play_cue("follow_up")
            self._awaiting_answer = True
            self._awaiting_answer = self._listen_now() and self._awaiting_answer

    def _end(self, task: asyncio.Task[None], turn: Turn) -> None:
        turn.end(Cancelled())
        self._activity.end_turn(task)


def _name(utterance: Utterance) -> str:
    """The name of the task of an utterance's turn."""
    return f"turn {utterance.id}"
