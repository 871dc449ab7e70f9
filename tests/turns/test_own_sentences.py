"""The apology for a failed stage fits its cause."""

from __future__ import annotations

import pytest

from satellite.errors import (
    EngineError,
    EngineFailed,
    HomeError,
    LanguageUnknown,
    ModelMissing,
    OutOfMemory,
    engine_error,
)
from satellite.languages.pack import installed, pack
from satellite.settings import Settings
from satellite.timers.alarm import Alarm
from satellite.timers.schedule import DueEntry, Timer
from satellite.turns.context import Engines
from satellite.turns.conversation import Conversation
from satellite.turns.own_sentences import own_sentences, read_sentences
from satellite.turns.turn import Turn
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.recorded_turn import RecordedTurn, utterance

OWN = own_sentences()
OURS = [
    kind
    for parent in (EngineError, HomeError, ModelMissing)
    for kind in parent.__subclasses__()
    if kind.__module__ == "satellite.errors"
]


@pytest.mark.parametrize("kind", OURS)
def test_an_error_keeps_its_sentence_on_its_way_through_the_wire(kind: type[EngineError]) -> None:
    there = engine_error(kind.code, "why")
    assert type(there) is kind
    assert OWN.apology("llm", there) == OWN.apology("llm", kind("why"))


def test_each_cause_has_a_sentence_of_its_own() -> None:
    assert OWN.apology("llm", ModelMissing("m")) == "Sorry, the language model is not installed."
    assert OWN.apology("asr", ModelMissing("m")) == "Sorry, speech recognition is not installed."
    assert "memory" in (OWN.apology("llm", OutOfMemory("m")) or "")
    words = "Sorry, speech recognition does not know this language."
    assert OWN.apology("asr", LanguageUnknown("m")) == words


def test_an_unknown_cause_has_the_sentence_of_its_stage() -> None:
    assert OWN.apology("llm", EngineFailed("odd")) == OWN.apology("llm") == OWN.stages["llm"]
    assert OWN.apology("understand") == OWN.stages["understand"]


@pytest.mark.parametrize("stage", ["tts", "speaker", "turn"])
def test_without_a_voice_there_is_no_apology(stage: str) -> None:
    assert OWN.apology(stage, ModelMissing("m")) is None


async def test_a_failed_turn_says_why() -> None:
    stage, missing = RecordedTurn(), ModelMissing("no model")
    engines = Engines(ScriptedAsr(), ScriptedLlm(error=missing, replies=((),)), ScriptedTts())
    await Turn(utterance(), engines, Conversation(), Settings(), stage).run()
    assert (stage.apologies, stage.causes) == (["llm"], [missing])


@pytest.mark.parametrize(
    "language", [code for code in installed() if pack(code).part("own_sentences")]
)
def test_each_pack_has_all_sentences(language: str) -> None:
    found = read_sentences(language, pack(language).part("own_sentences"))
    assert found.language == language
    for ours, theirs in ((OWN.causes, found.causes), (OWN.stages, found.stages)):
        assert theirs.keys() == ours.keys()
        for key, sentence in ours.items():
            assert ("{name}" in theirs[key]) == ("{name}" in sentence), key
    assert found.names.keys() == OWN.names.keys()
    for late in (40, 60, 119, 300):
        for name in (None, "Tee"):
            due = DueEntry(Timer(id="t", total=60, due=0, name=name), late, 0)
            words = found.ring_words().announcement(due)
            assert words
            assert (name or "") in words
            due = DueEntry(Alarm(id="a", hour=7, minute=5, name=name), late, 1.7e9)
            words = found.ring_words().announcement(due)
            assert words
            assert (name or "") in words
