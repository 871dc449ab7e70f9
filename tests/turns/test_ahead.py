"""Work ahead of the end: an answer that is at hand when the end is certain, or was never there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from itertools import islice

import pytest

from satellite import events
from satellite.errors import EngineFailed
from satellite.listening.utterance import Utterance
from satellite.settings import DeadlineSettings, Settings
from satellite.turns.context import Engines
from satellite.turns.conversation import Conversation
from satellite.turns.outcome import Answered
from satellite.turns.turn import Turn
from satellite.values import (
    Action,
    Detection,
    EngineInfo,
    Extent,
    Message,
    ReplyPart,
    ReplyRequest,
    TranscribeRequest,
    Transcript,
)
from tests.support.engines import ScriptedLlm, ScriptedTts
from tests.support.recorded_turn import RecordedTurn

SETTINGS = Settings(deadlines=DeadlineSettings(asr=2.0, llm=2.0, tts=2.0))


class PauseAsr:
    """Reports texts up to pauses, waits for the end, and then has the final text."""

    def __init__(self, guesses: list[str], final: str, others: list[str]) -> None:
        """`others`: what may have been said instead, in each guess and in the end."""
        self.guesses = guesses
        self.final = final
        self.others = iter(others)

    def describe(self) -> EngineInfo:
        return EngineInfo(name="pauses")

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        for text in self.guesses:
            others = tuple(islice(self.others, 1))
            yield Transcript(text="", final=False, pause_text=text, until=1.0, alternatives=others)
            await steps()
        async for _ in audio:
            pass
        yield Transcript(text=self.final, final=True, alternatives=tuple(islice(self.others, 1)))


class AheadLlm(ScriptedLlm):
    """Answers ahead with its script; with a `tool`, only up to its first part."""

    def __init__(self, *parts: ReplyPart, tool: bool = False, begun: bool = False) -> None:
        super().__init__([parts])
        self.tool = tool
        self.begun = begun
        self.guessed: list[str] = []
        self.dropped = 0

    def describe(self) -> EngineInfo:
        return EngineInfo(name="ahead", ahead=True)

    async def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        yield Extent.BEGUN if self.begun else Extent.UNKNOWN

    async def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        self.guessed.append(request.text)
        try:
            for part in self.replies[0]:
                await asyncio.sleep(0)
                yield part
                if self.tool:
                    raise EngineFailed("no tool is called ahead")
        except (asyncio.CancelledError, GeneratorExit):
            self.dropped += 1
            raise


class Stage:
    """A turn whose utterance ends when the test says so."""

    def __init__(
        self, llm: AheadLlm, guesses: list[str], final: str, others: list[str] | None = None
    ) -> None:
        self.utterance = Utterance(Detection(word="w", score=1.0, sample=0), 30.0)
        self.llm, self.tts, self.context = llm, ScriptedTts(), RecordedTurn()
        self.conversation = Conversation()
        engines = Engines(PauseAsr(guesses, final, others or []), llm, self.tts)
        self.turn = Turn(self.utterance, engines, self.conversation, SETTINGS, self.context)

    def end(self) -> None:
        self.utterance.has_speech = True
        self.utterance.audio.end()


async def steps(count: int = 60) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_the_answer_is_at_hand_when_the_end_is_certain() -> None:
    stage = Stage(AheadLlm("It is ", "seven. And sunny."), ["what time is it"], "what time is it")
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(stage.turn.run())
        await steps()
        # the first sentence waits, and nothing is known of it
        assert stage.llm.guessed == ["what time is it"]
        assert stage.tts.texts == ["It is seven."]
        assert stage.context.events == []
        assert stage.context.played == b""
        stage.end()
    assert running.result() == Answered("what time is it", "It is seven. And sunny.")
    assert stage.llm.requests == []
    assert stage.tts.texts == ["It is seven.", "And sunny."]
    replies = [event.text for event in stage.context.of(events.Reply)]
    assert replies == ["It is ", "seven. And sunny.", "It is seven. And sunny."]
    assert stage.conversation.history()[0] == Message(role="user", text="what time is it")


@pytest.mark.parametrize("wait", range(0, 40, 2))
async def test_a_wrong_guess_is_never_heard_done_or_remembered(wait: int) -> None:
    llm = AheadLlm("The ", Action(name="stop"), "answer.")
    stage = Stage(llm, ["turn on"], "turn on the lamp")
    llm.replies = [("The ", Action(name="stop"), "answer.")]
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.turn.run())
        await steps(wait)
        assert stage.context.actions == []
        stage.end()
    assert [request.text for request in llm.requests] == ["turn on the lamp"]
    assert stage.context.actions == [Action(name="stop")]
    assert len(stage.context.of(events.Reply)) == 3
    assert stage.conversation.history()[0].text == "turn on the lamp"
    assert len(stage.context.of(events.AudioStart)) == 1


@pytest.mark.parametrize(("at_the_end", "ahead"), [("for 14", True), ("for 4", False)])
async def test_an_answer_ahead_counts_for_what_may_have_been_said(
    at_the_end: str, ahead: bool
) -> None:
    """A brain that is asked for 40 minutes asks back where it may have been 14."""
    stage = Stage(AheadLlm("40, or 14?"), ["for 40"], "for 40", ["for 14", at_the_end])
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(stage.turn.run())
        await steps()
        stage.end()
    assert running.result() == Answered("for 40", "40, or 14?")
    assert stage.llm.guessed == ["for 40"]
    asked = [request.alternatives for request in stage.llm.requests]
    assert asked == ([] if ahead else [("for 4",)])


async def test_an_action_waits_for_the_certain_end() -> None:
    stage = Stage(AheadLlm(Action(name="stop"), "Done."), ["stop it"], "stop it")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.turn.run())
        await steps(200)
        assert stage.context.actions == []
        stage.end()
    assert stage.context.actions == [Action(name="stop")]
    assert stage.tts.texts == ["Done."]


async def test_what_needs_a_tool_is_asked_at_the_certain_end() -> None:
    stage = Stage(AheadLlm("", "Warm.", tool=True), ["is it warm"], "is it warm")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.turn.run())
        await steps(200)
        assert stage.llm.requests == []
        stage.end()
    assert [request.text for request in stage.llm.requests] == ["is it warm"]
    assert stage.tts.texts == ["Warm."]


async def test_there_is_one_guess_at_a_time() -> None:
    stage = Stage(AheadLlm("One. Two. Three. Four. Five. Six. ", "Seven."), ["a", "a b"], "a b")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.turn.run())
        await steps(300)
        assert stage.llm.guessed == ["a", "a b"]
        assert stage.tts.running == 0
        assert stage.tts.texts == ["One."], "one sentence of each, the same"
        stage.end()
    assert stage.llm.requests == []


async def test_the_beginning_of_a_request_is_not_answered() -> None:
    stage = Stage(AheadLlm("Yes.", begun=True), ["turn on the"], "turn on the lamp")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(stage.turn.run())
        await steps(200)
        stage.end()
    assert stage.llm.guessed == []


@pytest.mark.parametrize("wait", range(0, 60, 3))
async def test_cancelled_at_any_moment_nothing_goes_on(wait: int) -> None:
    stage = Stage(AheadLlm("One. ", "Two."), ["a"], "a")
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(stage.turn.run())
        await steps(wait)
        running.cancel()
    await steps(5)
    assert stage.tts.running == 0
    assert stage.context.played == b""
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert "answer ahead" not in names
