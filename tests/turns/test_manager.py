"""The assistant takes one turn at a time, rings its timers, and does what the brain asks for."""

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
from satellite.lib.bus import Bus
from satellite.settings import CueSettings, ListenSettings, Settings
from satellite.turns.context import Engines
from satellite.turns.manager import TurnManager
from satellite.values import Action
from tests.support.devices import ScriptedSpeaker
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.recorded_turn import utterance

QUIET = Settings(name="test", cues=CueSettings(awake=False, timer=1))


class Home:
    """An assistant with scripted engines and everything that happens written down."""

    def __init__(self, settings: Settings = QUIET, llm: ScriptedLlm | None = None) -> None:
        self.bus = Bus()
        self.happened: list[events.Event] = []
        self.bus.publish = self.happened.append  # type: ignore[method-assign]
        self.speaker = ScriptedSpeaker()
        self.playback = Playback(self.speaker, self.happened.append)
        self.llm = llm or ScriptedLlm()
        engines = Engines(ScriptedAsr(), self.llm, ScriptedTts())
        self.assistant = TurnManager(settings, engines, self.playback, self.bus)

    def outcomes(self) -> list[str]:
        return [event.outcome for event in self.happened if isinstance(event, events.TurnEnd)]

    def phases(self) -> list[str]:
        return [event.phase for event in self.happened if isinstance(event, events.Phase)]

    def timers(self) -> list[str]:
        return [event.state for event in self.happened if isinstance(event, events.Timer)]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not true():
                await asyncio.sleep(0.001)


@asynccontextmanager
async def awake(home: Home) -> AsyncIterator[Home]:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(home.assistant.run())
        await asyncio.sleep(0)
        yield home
        running.cancel()


async def test_a_turn_goes_through_every_phase_and_back_to_rest() -> None:
    async with awake(Home()) as home:
        assert home.assistant.start(utterance())
        await home.until(lambda: home.assistant.idle)
        assert home.outcomes() == ["answered"]
        assert home.phases() == ["listening", "thinking", "speaking", "idle"]
        assert home.speaker.heard


async def test_field_17_the_wake_word_stops_a_reply_and_listens() -> None:
    async with awake(Home()) as home:
        home.speaker.slow = asyncio.Event()  # the reply is being heard, and goes on
        home.assistant.start(utterance())
        await home.until(lambda: "drain" in home.speaker.calls)
        home.speaker.calls.clear()
        home.assistant.start(utterance())
        await home.until(lambda: "stop" in home.speaker.calls)
        home.speaker.slow.set()
        await home.until(lambda: home.assistant.idle)
        assert home.outcomes() == ["cancelled", "answered"]


async def test_without_barge_in_a_reply_is_heard_to_its_end() -> None:
    settings = msgspec.structs.replace(QUIET, listen=ListenSettings(barge_in=False))
    async with awake(Home(settings)) as home:
        assert home.assistant.start(utterance())
        assert not home.assistant.start(utterance())
        await home.until(lambda: home.assistant.idle)
        assert home.outcomes() == ["answered"]


async def test_wake_words_in_quick_succession_each_have_one_outcome() -> None:
    async with awake(Home()) as home:
        for _ in range(20):
            home.assistant.start(utterance())
        await home.until(lambda: home.assistant.idle)
        assert home.outcomes() == ["cancelled"] * 19 + ["answered"]


async def test_a_stop_in_the_middle_of_a_turn_ends_it_as_cancelled() -> None:
    home = Home(llm=ScriptedLlm(hang=True))
    async with awake(home):
        home.assistant.start(utterance())
        await home.until(lambda: bool(home.llm.requests))
    assert home.outcomes() == ["cancelled"]


async def test_a_failure_is_heard_and_the_next_turn_is_answered() -> None:
    home = Home(llm=ScriptedLlm(replies=[()], error=EngineBusy("full")))
    async with awake(home):
        home.assistant.start(utterance())
        await home.until(lambda: home.assistant.idle)
        assert home.outcomes() == ["failed"]
        assert home.speaker.heard
    home = Home()
    async with awake(home):
        home.assistant.start(utterance())
        await home.until(lambda: home.assistant.idle)
        assert home.outcomes() == ["answered"]


async def test_a_timer_that_was_asked_for_rings_until_stop_is_said() -> None:
    start = Action(name="timer.start", data={"seconds": 0.0, "name": "egg"})
    home = Home(llm=ScriptedLlm([("Timer set.", start), (Action(name="stop"),)]))
    async with awake(home):
        home.assistant.start(utterance())
        await home.until(lambda: home.assistant.idle and home.assistant.situation().ringing)
        assert home.timers() == ["started", "finished"]
        home.assistant.start(utterance())
        await home.until(lambda: "dismissed" in home.timers())
        await home.until(lambda: home.assistant.idle)
        assert home.outcomes() == ["answered", "answered"]


async def test_it_is_busy_while_a_turn_runs_and_while_a_timer_rings() -> None:
    async with awake(Home()) as home:
        assert not home.assistant.busy
        home.assistant.start(utterance())
        assert home.assistant.busy
        await home.until(lambda: home.assistant.idle)
        assert not home.assistant.busy
        home.assistant.timers.start(0)
        await home.until(lambda: home.assistant.timers.ringing)
        assert home.assistant.busy


async def test_the_volume_is_set_and_told_to_the_brain() -> None:
    home = Home(llm=ScriptedLlm([(Action(name="volume.set", data={"level": 0.4}),)]))
    async with awake(home):
        home.assistant.start(utterance())
        await home.until(lambda: home.assistant.idle)
        assert home.assistant.situation().volume == 0.4


@pytest.mark.parametrize(
    "action",
    [
        Action(name="open.pod.bay.doors"),
        Action(name="timer.start", data={}),
        Action(name="timer.cancel", data={}),
        Action(name="volume.set", data={"level": "loud"}),
    ],
)
async def test_what_cannot_be_done_is_logged_and_harms_nothing(
    action: Action, caplog: pytest.LogCaptureFixture
) -> None:
    home = Home(llm=ScriptedLlm([("Done.", action)]))
    async with awake(home):
        with caplog.at_level(logging.WARNING):
            home.assistant.start(utterance())
            await home.until(lambda: home.assistant.idle)
        assert home.outcomes() == ["answered"]
        assert action.name in caplog.text
