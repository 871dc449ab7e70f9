"""The system prompt."""

from __future__ import annotations

import pytest

from satellite.values import ReplyRequest, Situation
from servers.llm.chat import prompt


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
