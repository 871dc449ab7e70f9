"""The system prompt."""

from __future__ import annotations

import pytest

from satellite.values import Situation
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
