"""Who speaks, in a turn: reported and handed to the brain, and never waited for."""

from __future__ import annotations

import asyncio

import pytest

from satellite import events
from satellite.listening.people.recognition import Match, VoiceCheck
from satellite.settings import Settings
from satellite.turns.context import Engines
from satellite.turns.conversation import Conversation
from satellite.turns.outcome import Answered
from satellite.turns.turn import Turn
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.recorded_turn import RecordedTurn, utterance


class ScriptedCheck(VoiceCheck):
    """A check with a result of its own, which records what it hears."""

    def __init__(self, result: Match | None) -> None:
        self.result = result
        self.heard = 0
        self.finished = False

    @property
    def match(self) -> Match | None:
        return self.result

    def hear(self, chunk: bytes) -> None:
        self.heard += len(chunk)

    def finish(self) -> None:
        self.finished = True


async def turn(check: VoiceCheck | None) -> tuple[RecordedTurn, ScriptedLlm]:
    stage, llm = RecordedTurn(), ScriptedLlm()
    spoken = utterance()
    spoken.voice_check = check
    engines = Engines(ScriptedAsr(), llm, ScriptedTts())
    async with asyncio.timeout(5):
        outcome = await Turn(spoken, engines, Conversation(), Settings(), stage).run()
    assert isinstance(outcome, Answered)
    return stage, llm


async def test_the_name_goes_to_the_brain_and_with_its_score_to_the_event_log() -> None:
    check = ScriptedCheck(Match("Anna", 0.83))
    stage, llm = await turn(check)
    (person,) = stage.of(events.Person)
    assert (person.name, person.score) == ("Anna", 0.83)
    assert person.turn is not None
    kinds = [event.kind for event in stage.events]
    assert kinds.index("person") < kinds.index("reply")
    assert llm.requests[0].situation.speaker == "Anna"
    assert check.heard == 3200
    assert check.finished


async def test_an_unknown_voice_has_a_score_and_no_name() -> None:
    stage, llm = await turn(ScriptedCheck(Match(None, 0.31)))
    assert [(found.name, found.score) for found in stage.of(events.Person)] == [(None, 0.31)]
    assert llm.requests[0].situation.speaker is None


@pytest.mark.parametrize("check", [None, ScriptedCheck(None)], ids=["off", "late"])
async def test_without_a_result_in_time_the_turn_goes_on(check: VoiceCheck | None) -> None:
    stage, llm = await turn(check)
    assert not stage.of(events.Person)
    assert llm.requests[0].situation.speaker is None
