"""The system prompt."""

from __future__ import annotations

from itertools import pairwise

import pytest

from satellite.values import Message, ReplyRequest, Situation
from servers.llm.chat import prompt
from servers.llm.chat.sent_facts import Sent, SentFacts
from tests.servers.llm.asking import ask, brain
from tests.support.ollama_fake import fake_ollama, words


@pytest.mark.parametrize(
    ("engines", "assistants", "reported"),
    [
        ("", None, prompt.DEFAULT_SYSTEM),
        ("Be a pirate.", None, "Be a pirate."),
        ("Be a pirate.", "You are a butler.", "You are a butler."),
        ("", "You are a butler.", "You are a butler."),
    ],
)
def test_the_system_prompt_of_an_assistant_overrides_the_option(
    engines: str, assistants: str | None, reported: str
) -> None:
    content = prompt.system_message(engines, Situation(persona=assistants))["content"]
    assert content.startswith(reported)


def test_the_person_who_speaks_is_a_fact_of_the_newest_request() -> None:
    known = ReplyRequest(text="Hello.", situation=Situation(speaker="Anna"))
    assert "Speaker: Anna." in prompt.user_message(known)["content"]
    assert "Anna" not in prompt.system_message("", known.situation)["content"]
    assert "Speaker" not in prompt.user_message(ReplyRequest(text="Hello."))["content"]


def test_the_history_has_the_facts_that_its_requests_were_sent_with() -> None:
    sent = SentFacts()
    first = ReplyRequest(text="Hello. ", situation=Situation(now="noon", satellite="hall"))
    sent.remember(first, whole(first))
    said = (Message(role="user", text="Hello."), Message(role="assistant", text="Hi."))
    second = ReplyRequest(
        text="And?", history=said, situation=Situation(now="1 pm", satellite="hall")
    )
    facts = [known.text for known in sent.of_history(second)]
    hello, hi = prompt.history_messages(second, facts)
    assert hello == prompt.user_message(first)
    assert hi == {"role": "assistant", "content": "Hi."}


def whole(request: ReplyRequest) -> Sent:
    facts = prompt.facts_of(request)
    return Sent(" ".join(facts), facts)


FRIDAY = "Now: Friday 2026-11-20 10:25."


@pytest.mark.parametrize(
    ("facts", "known", "sent"),
    [
        ((FRIDAY,), (), (FRIDAY,)),
        ((FRIDAY,), (FRIDAY,), ()),
        (("Now: Friday 2026-11-20 10:26.",), (FRIDAY,), ("Now: 10:26.",)),
        (("Now: Saturday 2026-11-21 00:01.",), (FRIDAY,), ("Now: Saturday 2026-11-21 00:01.",)),
        (("Now: noon.",), ("Now: 1 pm.",), ("Now: noon.",)),
        ((FRIDAY, "Room: hall."), (FRIDAY, "Room: hall."), ()),
        ((FRIDAY, "Room: hall."), (FRIDAY,), (FRIDAY, "Room: hall.")),
        ((FRIDAY,), (FRIDAY, "Timer: 5 of 9 seconds left."), (FRIDAY,)),  # it is gone
    ],
)
def test_facts_are_sent_when_they_are_new(
    facts: tuple[str, ...], known: tuple[str, ...], sent: tuple[str, ...]
) -> None:
    assert prompt.new_facts(facts, known) == sent


async def test_a_conversation_has_its_facts_once() -> None:
    moments = ("10:25", "10:25", "10:26", "10:26")
    history: tuple[Message, ...] = ()
    async with fake_ollama(words("Yes.")) as fake, brain(fake.host) as engine:
        for minute in moments:
            now = Situation(now=f"2026-11-20T{minute}:00+01:00")
            await ask(engine, "Hello.", now, history=history)
            said = (Message(role="user", text="Hello."), Message(role="assistant", text="Yes."))
            history = (*history, *said)
        asked = [m["content"] for m in fake.asked[-1]["messages"] if m["role"] == "user"]
    expected = (f"\n[{FRIDAY}]", "", "\n[Now: 10:26.]", "")
    assert asked == [f"Hello.{facts}" for facts in expected]
    for before, after in pairwise(fake.asked):  # what was computed is sent again as it was
        assert after["messages"][: len(before["messages"])] == before["messages"]


async def test_all_facts_are_sent_again_where_the_message_with_them_does_not_fit() -> None:
    long = Message(role="assistant", text="word " * 2000)
    async with fake_ollama(words("Yes.")) as fake, brain(fake.host, tool_rounds=0) as engine:
        await ask(engine, "Hello.")
        await ask(engine, "And?", history=(Message(role="user", text="Hello."), long))
    assert [m["role"] for m in fake.asked[-1]["messages"]] == ["system", "user"]
    assert fake.asked[-1]["messages"][-1]["content"] == f"And?\n[{FRIDAY}]"


@pytest.mark.parametrize(
    "other",
    [
        ReplyRequest(text="And?", history=(Message(role="user", text="Hello."),)),
        ReplyRequest(
            text="And?",
            history=(Message(role="user", text="Bye."), Message(role="user", text="Hello.")),
            situation=Situation(satellite="hall"),
        ),
    ],
    ids=["of another satellite", "after another beginning"],
)
def test_no_conversation_has_the_facts_of_another(other: ReplyRequest) -> None:
    sent = SentFacts()
    first = ReplyRequest(text="Hello.", situation=Situation(speaker="Anna", satellite="hall"))
    sent.remember(first, whole(first))
    assert set(sent.of_history(other)) == {Sent()}


def test_facts_of_old_conversations_are_forgotten() -> None:
    sent = SentFacts()
    for number in range(1001):
        sent.remember(ReplyRequest(text=f"{number}"), Sent("Now: noon.", ("Now: noon.",)))
    asked = [
        ReplyRequest(text="?", history=(Message(role="user", text=text),)) for text in ("0", "1")
    ]
    found = [sent.of_history(request)[0].text for request in asked]
    assert found == ["", "Now: noon."]
