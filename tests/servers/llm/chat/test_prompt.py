"""The system prompt."""

from __future__ import annotations

import pytest

from satellite.values import Message, ReplyRequest, Situation
from servers.llm.chat import prompt
from servers.llm.chat.sent_facts import SentFacts


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
    sent.remember(first, prompt.facts_of(first))
    said = (Message(role="user", text="Hello."), Message(role="assistant", text="Hi."))
    second = ReplyRequest(
        text="And?", history=said, situation=Situation(now="1 pm", satellite="hall")
    )
    hello, hi = prompt.history_messages(second, sent.of_history(second))
    assert hello == prompt.user_message(first)
    assert hi == {"role": "assistant", "content": "Hi."}


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
    sent.remember(first, prompt.facts_of(first))
    assert not any(sent.of_history(other))


def test_facts_of_old_conversations_are_forgotten() -> None:
    sent = SentFacts()
    for number in range(1001):
        sent.remember(ReplyRequest(text=f"{number}"), "Now: noon.")
    asked = [
        ReplyRequest(text="?", history=(Message(role="user", text=text),)) for text in ("0", "1")
    ]
    assert [sent.of_history(request) for request in asked] == [[""], ["Now: noon."]]
