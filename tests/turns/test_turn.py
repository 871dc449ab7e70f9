"""A turn ends in exactly one outcome, whatever its engines do."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from satellite import events
from satellite.errors import DeviceLost, EngineBusy, PeerClosed, SatelliteError
from satellite.settings import DeadlineSettings, Settings
from satellite.turns.context import Engines
from satellite.turns.conversation import Conversation
from satellite.turns.outcome import Answered, Failed, NothingHeard, Outcome
from satellite.turns.own_sentences import own_sentences
from satellite.turns.turn import Turn
from satellite.values import Action, Declined, Message
from tests.support.engines import Scripted, ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.recorded_turn import RecordedTurn, utterance

QUICK = Settings(deadlines=DeadlineSettings(asr=0.1, llm=0.1, tts=0.1))


class Bench:
    """A turn's parts, with engines that can be replaced."""

    def __init__(
        self,
        asr: ScriptedAsr | None = None,
        llm: ScriptedLlm | None = None,
        tts: ScriptedTts | None = None,
        stage: RecordedTurn | None = None,
        language: str = "en",
    ) -> None:
        self.settings = msgspec.structs.replace(QUICK, language=language)
        self.asr = asr or ScriptedAsr()
        self.llm = llm or ScriptedLlm()
        self.tts = tts or ScriptedTts()
        self.stage = stage or RecordedTurn()
        self.conversation = Conversation()

    def turn(self, heard: bool = True) -> Turn:
        engines = Engines(self.asr, self.llm, self.tts)
        return Turn(utterance(heard=heard), engines, self.conversation, self.settings, self.stage)

    async def run(self, heard: bool = True) -> Outcome:
        async with asyncio.timeout(5):
            outcome = await self.turn(heard).run()
        self.check()
        return outcome

    def check(self) -> None:
        """Check for one outcome, published last, and for idle engines."""
        assert len(self.stage.of(events.TurnEnd)) == 1
        assert isinstance(self.stage.events[-1], events.TurnEnd)
        engines: list[Scripted] = [self.asr, self.llm, self.tts]
        assert [engine.running for engine in engines] == [0, 0, 0]


async def test_a_question_is_answered_aloud() -> None:
    bench = Bench()
    assert await bench.run() == Answered("what time is it", "It is seven o'clock.")
    kinds = [event.kind for event in bench.stage.events]
    assert kinds == [
        "transcript",
        "reply",
        "reply",
        "reply",
        "audio_start",
        "audio_end",
        "turn_end",
    ]
    assert bench.stage.phases == ["thinking", "speaking"]
    assert len(bench.stage.played) == 4 * 3200
    assert bench.conversation.history() == (
        Message(role="user", text="what time is it"),
        Message(role="assistant", text="It is seven o'clock."),
    )


async def test_the_first_sentence_is_spoken_while_the_second_is_being_written() -> None:
    pace = asyncio.Event()
    bench = Bench(llm=ScriptedLlm([("It is one. Two", " three. Four.")], pace=pace))
    bench.stage.on_chunk = pace.set  # the brain goes on only once something was heard
    assert isinstance(await bench.run(), Answered)
    assert bench.tts.texts == ["It is one.", "Two three.", "Four."]


async def test_the_first_sentence_does_not_wait_for_the_word_after_it() -> None:
    """A word of the brain takes longer than all else between the decision and the first sound."""
    pace = asyncio.Event()
    bench = Bench(llm=ScriptedLlm([("It is one.", " Two three.")], pace=pace))
    bench.stage.on_chunk = pace.set  # the brain goes on only once something was heard
    assert isinstance(await bench.run(), Answered)
    assert bench.tts.texts == ["It is one.", "Two three."]


@pytest.mark.parametrize(
    ("language", "parts", "texts"),
    [
        (
            "zh",
            ("今天北京的天气非常好，气", "温在二十度左右，适合散步。要伞吗？"),
            ["今天北京的天气非常好，", "气温在二十度左右，适合散步。", "要伞吗？"],
        ),
        (
            "de",
            ("Dein Termin ist am 3. Mai, und z", ". B. Brot fehlt. Gut?"),
            ["Dein Termin ist am 3. Mai,", "und z. B. Brot fehlt.", "Gut?"],
        ),
    ],
)
async def test_the_first_clause_is_spoken_while_its_sentence_is_being_written(
    language: str, parts: tuple[str, ...], texts: list[str]
) -> None:
    pace = asyncio.Event()
    bench = Bench(llm=ScriptedLlm([parts], pace=pace), language=language)
    bench.stage.on_chunk = pace.set  # the brain goes on only once something was heard
    assert isinstance(await bench.run(), Answered)
    assert bench.tts.texts == texts


async def test_partial_transcripts_are_announced_before_the_final_one() -> None:
    bench = Bench(asr=ScriptedAsr(["turn|turn on|turn on the lamp"]))
    await bench.run()
    assert [(event.text, event.final) for event in bench.stage.of(events.Transcript)] == [
        ("turn", False),
        ("turn on", False),
        ("turn on the lamp", True),
    ]


async def test_without_speech_the_language_model_is_not_asked() -> None:
    bench = Bench()
    assert await bench.run(heard=False) == NothingHeard()
    assert bench.llm.requests == []
    assert bench.stage.apologies == []


async def test_it_says_that_it_did_not_understand() -> None:
    bench = Bench(asr=ScriptedAsr([""]))
    assert await bench.run() == NothingHeard()
    assert bench.stage.apologies == ["understand"]


@pytest.mark.parametrize("answer", ["```python\nprint(1)\n```", "***", "", " \n", "![](a.png)"])
async def test_an_answer_without_anything_to_say_is_spoken_for(answer: str) -> None:
    bench = Bench(llm=ScriptedLlm([(answer,)]))
    assert await bench.run() == Answered("what time is it", answer)
    own = own_sentences()
    assert bench.tts.texts == [own.nothing_to_say if answer.strip() else own.no_answer]
    assert len(bench.stage.of(events.AudioStart)) == 1


async def test_an_action_is_executed_without_a_reply() -> None:
    bench = Bench(llm=ScriptedLlm([[Action(name="stop")]]))
    assert await bench.run() == Answered("what time is it", "")
    assert bench.stage.actions == [Action(name="stop")]
    assert bench.stage.of(events.AudioStart) == []


async def test_a_declined_reply_is_spoken() -> None:
    bench = Bench(llm=ScriptedLlm([[Declined(text="Sorry, I did not understand.")]]))
    assert isinstance(await bench.run(), Answered)
    assert bench.tts.texts == ["Sorry, I did not understand."]


@pytest.mark.parametrize("stage", ["asr", "llm", "tts"])
@pytest.mark.parametrize("trouble", ["error", "hang", "bug"])
async def test_a_failing_stage_is_named_and_heard(stage: str, trouble: str) -> None:
    keywords = {
        "error": {"error": EngineBusy("full")},
        "hang": {"hang": True},
        "bug": {"error": ZeroDivisionError("a plugin's mistake")},
    }[trouble]
    bench = {
        "asr": lambda: Bench(asr=ScriptedAsr(**keywords)),
        "llm": lambda: Bench(llm=ScriptedLlm(**keywords)),
        "tts": lambda: Bench(tts=ScriptedTts(**keywords)),
    }[stage]()
    outcome = await bench.run()
    assert isinstance(outcome, Failed)
    assert outcome.stage == stage
    assert bench.stage.apologies == [stage]
    (ended,) = bench.stage.of(events.TurnEnd)
    assert (ended.outcome, ended.stage, ended.error) == ("failed", stage, outcome.error)
    assert (f"or raise deadlines.{stage}" in outcome.error) == (trouble == "hang")


async def test_a_speaker_that_vanishes_fails_the_turn() -> None:
    bench = Bench(stage=RecordedTurn(DeviceLost("the speaker was unplugged")))
    assert await bench.run() == Failed("speaker", "the speaker was unplugged")


async def test_sentences_spoken_before_a_failure_are_remembered() -> None:
    bench = Bench(llm=ScriptedLlm([("One. Two. ",)], error=PeerClosed("gone")))
    await bench.run()
    assert bench.conversation.history()[0] == Message(role="user", text="what time is it")


@pytest.mark.parametrize("steps", range(40))
async def test_cancelled_at_any_moment_it_ends_once(steps: int) -> None:
    bench = Bench()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bench.turn().run())
        for _ in range(steps):
            await asyncio.sleep(0)
        running.cancel()
    ends = bench.stage.of(events.TurnEnd)
    # a task that is cancelled before its first step never runs: its owner ends the turn
    assert [event.outcome for event in ends] in ([], ["cancelled"], ["answered"])
    if steps:
        bench.check()


class Speechless(RecordedTurn):
    """Fails while reporting a failure."""

    async def apologise(self, reason: str, error: SatelliteError | None = None) -> None:
        raise ZeroDivisionError("a plugin's mistake")


async def test_a_bug_while_reporting_a_failure_ends_only_the_turn() -> None:
    bench = Bench(llm=ScriptedLlm(error=EngineBusy("full")), stage=Speechless())
    assert isinstance(await bench.run(), Failed)


async def test_a_timer_remembers_the_language_in_which_it_was_asked_for() -> None:
    stage = RecordedTurn()
    remind = Action(name="timer.start", data={"seconds": 60, "text": "Denk an die Milch."})
    plain = Action(name="timer.start", data={"seconds": 60})  # may ring late, which is said
    engines = Engines(ScriptedAsr(), ScriptedLlm([(remind, plain)]), ScriptedTts())
    await Turn(utterance(), engines, Conversation(), Settings(language="de"), stage).run()
    assert [action.data.get("language") for action in stage.actions] == ["de", "de"]
