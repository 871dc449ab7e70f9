"""The conversation remembers what was said, within bounds."""

from __future__ import annotations

from satellite.turns.conversation import CHARACTERS, FORGOTTEN, MESSAGES, Conversation
from satellite.values import Message


def test_an_exchange_is_remembered_in_order() -> None:
    conversation = Conversation()
    conversation.add("what time is it", "Ten.")
    assert conversation.history() == (
        Message(role="user", text="what time is it"),
        Message(role="assistant", text="Ten."),
    )


def test_an_unspoken_answer_is_not_remembered() -> None:
    conversation = Conversation()
    conversation.add("hello", "")
    assert conversation.history() == (Message(role="user", text="hello"),)


def test_it_is_bounded_in_number_and_length() -> None:
    conversation = Conversation()
    for number in range(MESSAGES):
        conversation.add(f"question {number}", "x" * (CHARACTERS // 10))
    history = conversation.history()
    assert len(history) <= MESSAGES
    assert sum(len(message.text) for message in history) <= CHARACTERS
    assert history[-2].text == f"question {MESSAGES - 1}"


def test_after_a_long_silence_a_new_one_begins() -> None:
    now = 0.0
    conversation = Conversation(clock=lambda: now)
    conversation.add("hello", "Hello.")
    now = FORGOTTEN + 1
    assert conversation.history() == ()
