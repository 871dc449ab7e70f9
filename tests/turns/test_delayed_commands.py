"""A due command is asked of the language model, its actions are done, its answer is announced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from satellite import events
from satellite.audio.playback import Playback
from satellite.errors import HomeDown
from satellite.settings import CueSettings, Settings
from satellite.timers.schedule import Timer
from satellite.turns.assistants import Assistant, Assistants
from satellite.turns.context import Engines
from satellite.turns.delayed_commands import MOST, DelayedCommands, DueCommands
from satellite.values import Action, Declined
from tests.support.devices import ScriptedSpeaker
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.turn_parts import SpeechParts, TurnParts

SETTINGS = Settings(name="test", cues=CueSettings(awake=False, timer=1))
LIGHTS = Timer(id="1", total=60, due=0, command="turn off the lights", language="en")


class Home:
    def __init__(self, llm: ScriptedLlm) -> None:
        self.happened: list[events.Event] = []
        self.llm, self.tts = llm, ScriptedTts()
        engines = Engines(ScriptedAsr(), llm, self.tts)
        playback = Playback(ScriptedSpeaker(), self.happened.append)
        self.speech = SpeechParts(SETTINGS, engines, playback, self.happened.append)
        self.playback = playback
        self.parts = TurnParts(self.speech)
        self.due = DueCommands()
        german = Settings(name="test", language="de")
        self.german = ScriptedLlm((("Aus.",),))
        others = {"de": Assistant(german, Engines(ScriptedAsr(), self.german, self.tts))}
        assistants = Assistants(Assistant(SETTINGS, engines), others)
        self.commands = DelayedCommands(
            self.due, assistants, self.parts.context, self.speech.announcer
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(self.parts.run()),
                tasks.create_task(self.speech.announcer.run()),
                tasks.create_task(self.commands.run()),
            ]
            yield
            for task in running:
                task.cancel()

    async def announced(self) -> str:
        async with asyncio.timeout(5):
            while True:
                found = [e.text for e in self.happened if isinstance(e, events.Announce)]
                if found:
                    return found[0]
                await asyncio.sleep(0.001)


async def test_the_command_is_carried_out_and_its_answer_is_said() -> None:
    volume = Action(name="volume.set", data={"level": 0.25})
    home = Home(ScriptedLlm((("Turned off ", volume, "the lights."),)))
    async with home.running():
        home.due.put(LIGHTS)
        assert await home.announced() == "Turned off the lights."
    (request,) = home.llm.requests
    assert (request.text, request.language) == ("turn off the lights", "en")
    assert request.situation.satellite == "test"
    assert home.playback.volume == 0.25


async def test_a_command_of_another_language_is_its_assistants() -> None:
    home = Home(ScriptedLlm())
    async with home.running():
        home.due.put(Timer(id="2", total=1, due=0, command="Licht aus", language="de"))
        assert await home.announced() == "Aus."
    assert not home.llm.requests
    assert home.german.requests[0].language == "de"


@pytest.mark.parametrize(
    ("llm", "spoken"),
    [
        (ScriptedLlm(((Declined(text="Sorry, no."),),)), "Sorry, no."),
        (ScriptedLlm(error=HomeDown("it is off")), "Sorry, I cannot reach Home Assistant."),
    ],
)
async def test_a_failure_is_said_and_the_next_command_is_carried_out(
    llm: ScriptedLlm, spoken: str, caplog: pytest.LogCaptureFixture
) -> None:
    home = Home(llm)
    async with home.running():
        home.due.put(LIGHTS)
        assert await home.announced() == spoken
        home.due.put(LIGHTS)
        async with asyncio.timeout(5):
            while len(llm.requests) < 2:
                await asyncio.sleep(0.001)
    assert "delayed command" in caplog.text


async def test_more_commands_than_can_wait_are_dropped_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    due = DueCommands()
    for _ in range(MOST + 1):
        due.put(LIGHTS)
    assert "not carried out" in caplog.text
