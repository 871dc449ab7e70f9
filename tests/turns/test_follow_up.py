"""An answer to a question is listened to without the wake word, once the question was heard."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from satellite import events
from satellite.settings import CueSettings, ListenSettings, Settings
from satellite.turns.context import Engines
from satellite.turns.follow_up import MOST, FollowUp
from satellite.turns.outcome import Answered, Cancelled, Failed, NothingHeard, Outcome
from satellite.values import Action
from tests.support import virtual_time
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.paced_satellite import QUIET, PacedSatellite
from tests.support.scripted_satellite import SILENCE, VOICE

ASKS = "Which of the rooms do you mean?"


def home(
    *replies: str, follow_up: str = "question", asr: tuple[str, ...] = ("hm",)
) -> PacedSatellite:
    settings = msgspec.structs.replace(QUIET, listen=ListenSettings(follow_up=follow_up))  # type: ignore[arg-type]
    llm = ScriptedLlm([(reply,) for reply in replies])
    return PacedSatellite(settings, Engines(ScriptedAsr(asr), llm, ScriptedTts(0.3)))


@pytest.mark.parametrize(
    ("after", "outcome", "wanted"),
    [
        ("question", Answered("x", "Which room?"), True),
        ("question", Answered("x", 'He asked "why?"'), True),
        ("question", Answered("x", "Done."), False),
        ("question", Cancelled(), False),
        ("question", NothingHeard(), False),
        ("question", Failed("llm", "?"), False),
        ("always", Answered("x", "Done."), True),
        ("always", Answered("x", ""), False),
        ("always", NothingHeard(), False),
        ("never", Answered("x", "Which room?"), False),
    ],
)
def test_an_answer_is_expected_after_questions(after: str, outcome: Outcome, wanted: bool) -> None:
    assert FollowUp(after).wanted(outcome) is wanted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reply", "language"),
    [
        ("どの部屋ですか。", "ja"),
        ("「どの部屋ですか？」", "ja"),
        ("Welche Lampe meinst du?“", "de"),
        ("Ποια λάμπα;", "el"),
    ],
)
def test_questions_of_the_language_of_the_assistant_are_listened_after(
    reply: str, language: str
) -> None:
    assert FollowUp("question").wanted(Answered("x", reply), language)

    async def main() -> None:
        settings = msgspec.structs.replace(QUIET, language=language)
        engines = Engines(ScriptedAsr(("hm",)), ScriptedLlm([(reply,)]), ScriptedTts(0.3))
        async with PacedSatellite(settings, engines).open() as satellite:
            satellite.ask()
            await satellite.until(lambda: len(satellite.utterances) == 2)

    virtual_time.run(main())


def test_a_conversation_with_a_television_comes_to_an_end() -> None:
    follow_up = FollowUp("always")
    follow_up.begin(is_answer=False)
    said = 0
    while follow_up.wanted(Answered("x", "Go on?")):
        follow_up.begin(is_answer=True)
        said += 1
    assert said == MOST
    follow_up.begin(is_answer=False)
    assert follow_up.wanted(Answered("x", "Go on?"))


def test_the_setting_can_change_while_the_satellite_runs() -> None:
    follow_up = FollowUp("question")
    follow_up.begin(is_answer=False)
    assert not follow_up.wanted(Answered("x", "Done."))
    follow_up.use("always")
    assert follow_up.wanted(Answered("x", "Done."))
    follow_up.use("never")
    assert not follow_up.wanted(Answered("x", "Go on?"))


def test_an_answer_is_understood_without_the_wake_word() -> None:
    async def main() -> None:
        async with home(ASKS, "Done.").open() as satellite:
            satellite.ask()
            await satellite.until(lambda: len(satellite.utterances) == 2)
            assert satellite.speaker.silent  # the question was heard to its last sample
            satellite.mic.say((VOICE, 1.0), (SILENCE, 1.0))
            await satellite.ended(2)
            assert satellite.outcomes() == ["answered", "answered"]
            assert len(satellite.of(events.Wake)) == 1
            await asyncio.sleep(10.0)
            assert len(satellite.utterances) == 2

    virtual_time.run(main())


@pytest.mark.parametrize("said", [(), ((VOICE, 1.0), (SILENCE, 1.0))])
def test_without_an_answer_it_stops_listening_silently(
    said: tuple[tuple[bytes, float], ...],
) -> None:
    """There is no answer, or one that cannot be understood."""

    async def main() -> None:
        async with home(ASKS, asr=("turn it on", "")).open() as satellite:
            satellite.ask()
            await satellite.until(lambda: len(satellite.utterances) == 2)
            heard = satellite.speaker.played
            satellite.mic.say(*said)
            await satellite.ended(2)
            assert satellite.outcomes() == ["answered", "nothing_heard"]
            assert satellite.speaker.played == heard
            assert satellite.activity.phase == "idle"

    virtual_time.run(main())


def test_it_apologises_for_a_request_that_it_does_not_understand() -> None:
    async def main() -> None:
        async with home("", asr=("",)).open() as satellite:
            satellite.ask()
            await satellite.ended()
            assert satellite.speaker.played > 0

    virtual_time.run(main())


def test_the_language_model_may_ask_for_an_answer_without_a_question() -> None:
    async def main() -> None:
        llm = ScriptedLlm([("Name a room.", Action(name="listen")), ("Done.",)])
        async with PacedSatellite(
            QUIET, Engines(ScriptedAsr(), llm, ScriptedTts())
        ).open() as satellite:
            satellite.ask()
            await satellite.until(lambda: len(satellite.utterances) == 2)
            await satellite.ended(2)
            assert satellite.outcomes() == ["answered", "nothing_heard"]

    virtual_time.run(main())


def test_expected_answers_are_passed_to_speech_to_text_with_the_answer() -> None:
    async def main() -> None:
        asr = ScriptedAsr(("set a timer", "the first", "and now"))
        asking = Action(name="listen", data={"answers": ["the first", "the second"]})
        llm = ScriptedLlm([("Which?", asking), ("Really?",), ("Done.",)])
        async with PacedSatellite(QUIET, Engines(asr, llm, ScriptedTts())).open() as satellite:
            satellite.ask()
            await satellite.until(lambda: len(satellite.utterances) == 2)
            satellite.mic.say((VOICE, 1.0), (SILENCE, 1.0))
            await satellite.until(lambda: len(satellite.utterances) == 3)
            satellite.mic.say((VOICE, 1.0), (SILENCE, 1.0))
            await satellite.ended(3)
        answers = [request.answers for request in asr.requests]
        assert answers == [(), ("the first", "the second"), ()]

    virtual_time.run(main())


def test_a_short_cue_signals_that_it_listens_to_an_answer() -> None:
    async def main() -> None:
        settings = Settings(name="parlour", cues=CueSettings(awake=False))
        engines = Engines(ScriptedAsr(), ScriptedLlm([(ASKS,), ("Done.",)]), ScriptedTts(0.3))
        async with PacedSatellite(settings, engines).open() as satellite:
            satellite.ask()
            await satellite.until(lambda: len(satellite.utterances) == 2)
            assert satellite.speaker.played == pytest.approx(7 * 0.3 + 0.1, abs=0.02)
            await satellite.ended(2)

    virtual_time.run(main())


def test_a_wake_word_instead_of_an_answer_begins_a_new_turn() -> None:
    async def main() -> None:
        async with home(ASKS, "Done.").open() as satellite:
            satellite.ask()
            await satellite.until(lambda: len(satellite.utterances) == 2)
            satellite.ask()
            await satellite.ended(3)
            assert satellite.outcomes() == ["answered", "cancelled", "answered"]
            assert len(satellite.of(events.Wake)) == 2

    virtual_time.run(main())
