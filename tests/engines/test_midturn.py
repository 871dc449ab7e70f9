"""An engine that dies in the middle of its answer: the next one ends it without repeating it."""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing
from typing import Any

import pytest

from satellite.engines.resume_reply import GO_ON
from satellite.errors import EngineFailed, EngineTimeout, ModelMissing
from satellite.values import TOOL_USED, Action, Declined, ReplyRequest, Resumed, SpeechRequest
from tests.engines.test_failover import Scene, reply, say, scene, stack
from tests.support.engines import ScriptedLlm, ScriptedTts

__all__ = ["stack"]

BROKE = EngineFailed("broke")
TIMER = Action(name="timer.start", data={"seconds": 60})
BEGINNING = ("It is seven. ", "The sun has set. Good ni")


async def parts(made: Scene) -> list[Any]:
    async with aclosing(made.engine.reply(ReplyRequest(text="what time is it"))) as items:
        return [item async for item in items]


@pytest.mark.parametrize("broken", [{"error": BROKE}, {"hang": True}], ids=["fails", "hangs"])
async def test_our_own_llm_gets_the_spoken_text_and_continues(
    broken: dict[str, Any], stack: AsyncExitStack
) -> None:
    bad, good = ScriptedLlm([BEGINNING], **broken), ScriptedLlm([("Good night.",)])
    made = await scene(stack, "llm", ScriptedLlm(), bad, good, deadline=0.3)
    made.lan.ours = True
    resumed = Resumed(text="It is seven. The sun has set. ")
    assert await parts(made) == [*BEGINNING, resumed, "Good night."]
    (asked,) = good.requests
    assert asked.text == GO_ON
    assert [message.text for message in asked.history] == [
        "what time is it",
        "It is seven. The sun has set.",
    ]


async def test_another_llm_repeats_the_answer_and_its_rest_is_spoken(
    stack: AsyncExitStack,
) -> None:
    bad = ScriptedLlm([BEGINNING], error=BROKE)
    good = ScriptedLlm([("It is seven. The sun ", "has set. ", "Good night.")])
    made = await scene(stack, "llm", ScriptedLlm(), bad, good)
    *before, resumed, rest = await parts(made)
    assert (before, resumed.text) == ([*BEGINNING], "It is seven. The sun has set. ")
    assert rest.strip() == "Good night."
    assert [request.text for request in good.requests] == ["what time is it"]


async def test_an_llm_that_cannot_continue_is_asked_again(stack: AsyncExitStack) -> None:
    bad = ScriptedLlm([BEGINNING], error=BROKE)
    built_in = ScriptedLlm([(Declined(text="What?"),), ("It is seven. Sleep well.",)])
    made = await scene(stack, "llm", built_in, bad)
    assert await parts(made) == [
        *BEGINNING,
        Resumed(text="It is seven. The sun has set. "),
        "Sleep well.",
    ]


async def test_the_first_error_is_raised_if_no_llm_can_continue(stack: AsyncExitStack) -> None:
    bad = ScriptedLlm([BEGINNING], error=BROKE)
    good = ScriptedLlm([(Declined(text="What?"),)])
    made = await scene(stack, "llm", ScriptedLlm([(Declined(text="What?"),)]), bad, good)
    with pytest.raises(EngineFailed, match="broke"):
        await parts(made)
    assert len(good.requests) == 1, "it is well, and was asked"


async def test_what_was_done_is_not_done_again(stack: AsyncExitStack) -> None:
    bad = ScriptedLlm([(TIMER, "A minute")], error=BROKE)
    other = Action(name="volume.set", data={"level": 0.5})
    good = ScriptedLlm([(TIMER, other, "A minute is running.")])
    made = await scene(stack, "llm", ScriptedLlm(), bad, good)
    assert await parts(made) == [
        TIMER,
        "A minute",
        Resumed(text=""),
        other,
        "A minute is running.",
    ]


@pytest.mark.parametrize("broken", [{"error": BROKE}, {"hang": True}], ids=["fails", "hangs"])
async def test_after_a_tool_with_an_effect_no_other_llm_is_asked(
    broken: dict[str, Any], stack: AsyncExitStack
) -> None:
    used = Action(name=TOOL_USED, data={"tool": "door_unlock"})
    bad, good = ScriptedLlm([(used,)], **broken), ScriptedLlm([("Unlocked.",)])
    built_in = ScriptedLlm([("Unlocked.",)])
    made = await scene(stack, "llm", built_in, bad, good, deadline=0.3)
    with pytest.raises((EngineFailed, EngineTimeout)):
        await parts(made)
    assert good.requests == []
    assert built_in.requests == []


async def test_two_may_die_in_one_answer(stack: AsyncExitStack) -> None:
    first = ScriptedLlm([("One one one. Tw",)], error=BROKE)
    second = ScriptedLlm([("Two two two. Thr",)], error=BROKE)
    third = ScriptedLlm([("Three three three.",)])
    made = await scene(stack, "llm", ScriptedLlm(), first, second, third)
    made.lan.ours = True
    told = await parts(made)
    assert [part.text for part in told if isinstance(part, Resumed)] == [
        "One one one. ",
        "One one one. Two two two. ",
    ]
    assert told[-1] == "Three three three."


@pytest.mark.parametrize("broken", [{"error": BROKE}, {"hang": True}], ids=["fails", "hangs"])
@pytest.mark.parametrize("words", [0, 1, 2, 4])
async def test_the_rest_of_a_sentence_is_said_by_the_next_voice(
    words: int, broken: dict[str, Any], stack: AsyncExitStack
) -> None:
    bad, good = ScriptedTts(words=words, **broken), ScriptedTts()
    made = await scene(stack, "tts", ScriptedTts(), bad, good, deadline=0.3)
    async with aclosing(made.engine.synthesize(SpeechRequest(text="a b c d"))) as chunks:
        lengths = [chunk.format.seconds(chunk.audio) async for chunk in chunks]
    assert sum(lengths) == pytest.approx(0.4, abs=0.001), "four words, once"


async def test_a_sentence_that_was_whole_is_not_begun_again(stack: AsyncExitStack) -> None:
    """The voice's pace is known from the sentence before."""
    bad, good = ScriptedTts(), ScriptedTts()
    made = await scene(stack, "tts", ScriptedTts(), bad, good)
    for ends in (False, True):
        bad._error = BROKE if ends else None  # noqa: SLF001
        async with aclosing(made.engine.synthesize(SpeechRequest(text="a b c d"))) as chunks:
            assert len([chunk async for chunk in chunks]) == 4
    assert len(good.requests) == 0


async def test_the_built_in_engines_own_error_ends_it(stack: AsyncExitStack) -> None:
    bad = ScriptedTts(words=1, hang=True)
    made = await scene(stack, "tts", ScriptedTts(error=EngineTimeout("mine")), bad, deadline=0.2)
    with pytest.raises(EngineTimeout, match="mine"):
        await say(made.engine)


async def test_the_error_is_raised_if_the_built_in_llm_has_no_answer(
    stack: AsyncExitStack,
) -> None:
    without_model = ScriptedLlm(error=ModelMissing("pull it"), replies=[()])
    built_in = ScriptedLlm([(Declined(text="Sorry, I did not understand."),), ("Ten.",)])
    made = await scene(stack, "llm", built_in, without_model)
    with pytest.raises(ModelMissing, match="pull it"):
        await reply(made.engine)
    assert await reply(made.engine) == "Ten."
