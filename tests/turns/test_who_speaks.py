"""Who speaks, in a turn: reported and handed to the brain, and never waited for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from satellite import events
from satellite.audio.playback import Playback
from satellite.listening.people.people_file import PeopleFile
from satellite.listening.people.recognition import Match, SpeakerRecognition, VoiceCheck
from satellite.listening.utterance import Utterance
from satellite.settings import Settings
from satellite.turns.context import Engines
from satellite.turns.conversation import Conversation
from satellite.turns.outcome import Answered
from satellite.turns.turn import Turn
from tests.support.devices import ScriptedSpeaker
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.recorded_turn import RecordedTurn, utterance
from tests.support.turn_parts import SpeechParts, TurnParts


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


async def test_only_what_is_spoken_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    happened: list[events.Event] = []
    engines = Engines(ScriptedAsr(), ScriptedLlm(), ScriptedTts())
    playback = Playback(ScriptedSpeaker(), happened.append)
    speech = SpeechParts(Settings(name="x"), engines, playback, happened.append)
    recognition = SpeakerRecognition(PeopleFile("x"))
    parts = TurnParts(speech, people=recognition)
    spoken, written = utterance(), Utterance(None, 1.0, text="what time is it")
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(parts.run())
        await asyncio.sleep(0)
        for each in (spoken, written):
            assert parts.manager.start(each)
            while not any(isinstance(e, events.TurnEnd) and e.turn == each.id for e in happened):
                await asyncio.sleep(0.001)
        running.cancel()
    recognition.close()
    assert spoken.voice_check is not None
    assert written.voice_check is None
