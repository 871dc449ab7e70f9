"""Language models as a service: streamed and whole replies, actions, remembered conversations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import msgspec
import pytest
from wyoming.event import Event

from satellite.errors import EngineBusy, EngineFailed
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.values import (
    Action,
    Declined,
    EngineInfo,
    Extent,
    Message,
    ReplyPart,
    ReplyRequest,
    TimerState,
)
from servers.serve import serving
from servers.serve.conversations import AGE, CONVERSATIONS, MESSAGES, Conversations
from tests.servers.serve.golden import lines
from tests.support.engines import ScriptedLlm
from tests.support.peers import client

ANY = "tcp://127.0.0.1:0"


async def test_a_reply_is_streamed_and_then_sent_whole() -> None:
    engine = ScriptedLlm([("It is ", "seven.")])
    async with serving("llm", engine, ANY) as uri, client(uri) as peer:
        context = {"conversation_id": "7"}
        await peer.send(Event("transcript", {"text": "time?", "context": context}))
        events = await peer.until("handled-stop")
    assert lines(events) == [
        "handled-start",
        "handled-chunk It is ",
        "handled-chunk seven.",
        "handled It is seven.",
        "handled-stop",
    ]
    assert events[3].data["context"] == {"conversation_id": "7"}


async def test_an_action_keeps_its_place_among_the_text() -> None:
    action = Action(name="timer.start", data={"seconds": 5})
    engine = ScriptedLlm([("Yes. ", action, "Done.")])
    async with serving("llm", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcript", {"text": "x"}))
        events = await peer.until("handled-stop")
    assert [event.data.get("action") for event in events[1:4]] == [
        None,
        {"name": "timer.start", "data": {"seconds": 5}},
        None,
    ]
    assert events[4].data["text"] == "Yes. Done."


async def test_a_declined_request_is_not_handled() -> None:
    engine = ScriptedLlm([(Declined(text="what?"),)])
    async with serving("llm", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcript", {"text": "x"}))
        assert lines(await peer.until("not-handled")) == ["not-handled what?"]


async def test_an_empty_reply_is_handled_without_text() -> None:
    async with serving("llm", ScriptedLlm(), ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcript", {"text": " "}))
        assert lines(await peer.until("handled")) == ["handled "]


async def test_satellites_send_history_and_situation() -> None:
    engine = ScriptedLlm()
    timer = TimerState(id="1", total=60.0, remaining=30.0)
    ours = {
        "history": [{"role": "user", "text": "hello"}],
        "situation": {"area": "den", "timers": [{"id": "1", "total": 60, "remaining": 30.0}]},
        "alternatives": list("abcdefg"),
    }
    context = {"satellite": ours, "conversation_id": "7"}
    async with serving("llm", engine, ANY) as uri, client(uri) as peer:
        for _ in range(2):
            await peer.send(Event("transcript", {"text": "x", "context": context}))
            await peer.until("handled-stop")
    for request in engine.requests:
        assert request.history == (Message(role="user", text="hello"),)
        assert (request.situation.area, request.situation.timers) == ("den", (timer,))
        assert request.alternatives == tuple("abcd"), "a bounded number"


async def test_conversations_are_remembered_by_their_id_and_not_mixed() -> None:
    engine = ScriptedLlm([("Hello Ada.",), ("You are Ada.",)])
    async with serving("llm", engine, ANY) as uri:
        for text, conversation in (("I am Ada", "a"), ("who am I", "a"), ("who am I", "b")):
            async with client(uri) as peer:  # each on a connection of its own, as HA does it
                context = {"conversation_id": conversation}
                await peer.send(Event("transcript", {"text": text, "context": context}))
                await peer.until("handled-stop")
    first, second, other = engine.requests
    assert first.history == other.history == ()
    assert second.history == (
        Message(role="user", text="I am Ada"),
        Message(role="assistant", text="Hello Ada."),
    )


def test_memory_is_bounded_in_length_number_and_age() -> None:
    now = 0.0
    memory = Conversations(lambda: now)
    for number in range(MESSAGES + 5):
        memory.add("long", Message(role="user", text=str(number)))
    assert memory.recall("long")[0].text == "5"
    for number in range(CONVERSATIONS):
        memory.add(str(number), Message(role="user", text="x"))
    assert memory.recall("long") == ()
    assert len(memory.recall("0")) == 1
    now = AGE + 1
    assert memory.recall("0") == ()


async def test_a_malformed_context_is_refused() -> None:
    async with serving("llm", ScriptedLlm(), ANY) as uri, client(uri) as peer:
        context = {"satellite": {"history": "no"}}
        await peer.send(Event("transcript", {"text": "x", "context": context}))
        (error,) = await peer.until("error")
        assert "malformed context" in error.data["text"]
        assert await peer.connection.read() is None


class Judge(ScriptedLlm):
    """Knows one text."""

    def describe(self) -> EngineInfo:
        return msgspec.structs.replace(super().describe(), judges=True)

    async def judge(self, request: ReplyRequest) -> AsyncGenerator[Extent, None]:
        yield Extent.OPEN if request.text == "turn on the lamp" else Extent.BEGUN


async def test_a_text_is_judged_without_being_answered() -> None:
    engine = Judge()
    async with serving("llm", engine, ANY) as uri:
        brain = remote(uri, "llm", pairing=Pairing())
        await brain.load()
        for text, extent in (("turn on the lamp", Extent.OPEN), ("turn on", Extent.BEGUN)):
            request = ReplyRequest(text=text, language="en")
            assert [each async for each in brain.judge(request)] == [extent]
        await brain.close()
    assert engine.requests == []


async def test_a_brain_that_does_not_judge_texts_is_not_asked() -> None:
    """A stranger's service could take the text for a request."""
    engine = ScriptedLlm()
    async with serving("llm", engine, ANY) as uri:
        brain = remote(uri, "llm", pairing=Pairing())
        await brain.load()
        request = ReplyRequest(text="turn on the lamp")
        assert [each async for each in brain.judge(request)] == [Extent.UNKNOWN]
        async with client(uri) as peer:
            await peer.send(Event("judge-text", {"text": "turn on the lamp"}))
            (answer,) = await peer.until("text-judged")
        await brain.close()
    assert answer.data == {"extent": "unknown"}
    assert engine.requests == []


class AheadLlm(ScriptedLlm):
    """Answers ahead."""

    def describe(self) -> EngineInfo:
        return msgspec.structs.replace(super().describe(), ahead=True)

    async def ahead(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        yield "Ahead: "
        yield request.text


async def test_an_answer_ahead_is_asked_only_of_brains_that_know_how() -> None:
    for engine, expected in ((AheadLlm(), ["Ahead: ", "time?"]), (ScriptedLlm(), [])):
        async with serving("llm", engine, ANY) as uri:
            brain = remote(uri, "llm", pairing=Pairing())
            await brain.load()
            found: list[ReplyPart] = []
            with suppress(EngineFailed):
                found += [each async for each in brain.ahead(ReplyRequest(text="time?"))]
            await brain.close()
        assert found == expected
        assert engine.requests == []


async def test_on_a_busy_server_nothing_is_answered_ahead() -> None:
    engine = AheadLlm(gate=asyncio.Event())
    async with serving("llm", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcript", {"text": "x"}))
        brain = remote(uri, "llm", pairing=Pairing())
        await brain.load()
        async with asyncio.timeout(5):
            while not engine.running:
                await asyncio.sleep(0.01)
        with pytest.raises(EngineBusy):
            assert [each async for each in brain.ahead(ReplyRequest(text="time?"))]
        await brain.close()
