"""The turn manager takes one turn at a time; timers ring, and actions are executed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest

from satellite import events
from satellite.audio.playback import Playback
from satellite.errors import EngineBusy
from satellite.settings import CueSettings, ListenSettings, Settings
from satellite.turns.context import Engines
from satellite.values import Action
from tests.support.devices import ScriptedSpeaker
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.recorded_turn import utterance
from tests.support.turn_parts import SpeechParts, TurnParts

QUIET = Settings(name="test", cues=CueSettings(awake=False, timer=1))


class Home:
    """The turns of a satellite with scripted engines, and the events that they publish."""

    def __init__(self, settings: Settings = QUIET, llm: ScriptedLlm | None = None) -> None:
        self.happened: list[events.Event] = []
        self.speaker = ScriptedSpeaker()
        self.llm = llm or ScriptedLlm()
        engines = Engines(ScriptedAsr(), self.llm, ScriptedTts())
        playback = Playback(self.speaker, self.happened.append)
        speech = SpeechParts(settings, engines, playback, self.happened.append)
        self.activity, self.timers = speech.activity, speech.timers
        self.parts = TurnParts(speech)
        self.turns, self.context = self.parts.manager, self.parts.context

    def outcomes(self) -> list[str]:
        return [event.outcome for event in self.happened if isinstance(event, events.TurnEnd)]

    def phases(self) -> list[str]:
        return [event.phase for event in self.happened if isinstance(event, events.Phase)]

    def timer_states(self) -> list[str]:
        return [event.state for event in self.happened if isinstance(event, events.Timer)]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not true():
                await asyncio.sleep(0.001)


@asynccontextmanager
async def awake(home: Home) -> AsyncIterator[Home]:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(home.parts.run())
        await asyncio.sleep(0)
        yield home
        running.cancel()


async def test_a_turn_goes_through_every_phase_and_back_to_rest() -> None:
    async with awake(Home()) as home:
        assert home.turns.start(utterance())
        await home.until(lambda: home.activity.idle)
        assert home.outcomes() == ["answered"]
        assert home.phases() == ["listening", "thinking", "speaking", "idle"]
        assert home.speaker.heard


async def test_field_17_the_wake_word_stops_a_reply_and_listens() -> None:
    async with awake(Home()) as home:
        home.speaker.slow = asyncio.Event()  # the reply is being heard, and goes on
        home.turns.start(utterance())
        await home.until(lambda: "drain" in home.speaker.calls)
        home.speaker.calls.clear()
        home.turns.start(utterance())
        await home.until(lambda: "stop" in home.speaker.calls)
        home.speaker.slow.set()
        await home.until(lambda: home.activity.idle)
        assert home.outcomes() == ["cancelled", "answered"]


async def test_without_barge_in_a_reply_is_heard_to_its_end() -> None:
    settings = msgspec.structs.replace(QUIET, listen=ListenSettings(barge_in=False))
    async with awake(Home(settings)) as home:
        assert home.turns.start(utterance())
        assert not home.turns.start(utterance())
        await home.until(lambda: home.activity.idle)
        assert home.outcomes() == ["answered"]


async def test_wake_words_in_quick_succession_each_have_one_outcome() -> None:
    async with awake(Home()) as home:
        for _ in range(20):
            home.turns.start(utterance())
        await home.until(lambda: home.activity.idle)
        assert home.outcomes() == ["cancelled"] * 19 + ["answered"]


async def test_a_stop_in_the_middle_of_a_turn_ends_it_as_cancelled() -> None:
    home = Home(llm=ScriptedLlm(hang=True))
    async with awake(home):
        home.turns.start(utterance())
        await home.until(lambda: bool(home.llm.requests))
    assert home.outcomes() == ["cancelled"]


async def test_a_failure_is_heard_and_the_next_turn_is_answered() -> None:
    home = Home(llm=ScriptedLlm(replies=[()], error=EngineBusy("full")))
    async with awake(home):
        home.turns.start(utterance())
        await home.until(lambda: home.activity.idle)
        assert home.outcomes() == ["failed"]
        assert home.speaker.heard
    home = Home()
    async with awake(home):
        home.turns.start(utterance())
        await home.until(lambda: home.activity.idle)
        assert home.outcomes() == ["answered"]


async def test_a_requested_timer_rings_until_a_stop_request() -> None:
    start = Action(name="timer.start", data={"seconds": 0.0, "name": "egg"})
    home = Home(llm=ScriptedLlm([("Timer set.", start), (Action(name="stop"),)]))
    async with awake(home):
        home.turns.start(utterance())
        await home.until(lambda: home.activity.idle and home.context.situation().ringing)
        assert home.timer_states() == ["started", "finished"]
        home.turns.start(utterance())
        await home.until(lambda: "dismissed" in home.timer_states())
        await home.until(lambda: home.activity.idle)
        assert home.outcomes() == ["answered", "answered"]


async def test_it_is_busy_while_a_turn_runs_and_while_a_timer_rings() -> None:
    async with awake(Home()) as home:
        assert not home.turns.busy
        home.turns.start(utterance())
        assert home.turns.busy
        await home.until(lambda: home.activity.idle)
        assert not home.turns.busy
        home.timers.start(0)
        await home.until(lambda: home.timers.ringing)
        assert home.turns.busy


async def test_the_volume_is_set_and_passed_to_the_language_model() -> None:
    home = Home(llm=ScriptedLlm([(Action(name="volume.set", data={"level": 0.4}),)]))
    async with awake(home):
        home.turns.start(utterance())
        await home.until(lambda: home.activity.idle)
        assert home.context.situation().volume == 0.4


@pytest.mark.parametrize(
    "action",
    [
        Action(name="open.pod.bay.doors"),
        Action(name="timer.start", data={}),
        Action(name="timer.cancel", data={}),
        Action(name="volume.set", data={"level": "loud"}),
    ],
)
async def test_an_impossible_action_is_logged_and_skipped(
    action: Action, caplog: pytest.LogCaptureFixture
) -> None:
    home = Home(llm=ScriptedLlm([("Done.", action)]))
    async with awake(home):
        with caplog.at_level(logging.WARNING):
            home.turns.start(utterance())
            await home.until(lambda: home.activity.idle)
        assert home.outcomes() == ["answered"]
        assert action.name in caplog.text
