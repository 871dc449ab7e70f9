"""What a model is told that it is."""

from __future__ import annotations

import pytest

from satellite.values import Situation
from servers.llm.ollama import prompt


@pytest.mark.parametrize(
    ("engines", "assistants", "told"),
    [
        ("", None, prompt.PERSONA),
        ("Be a pirate.", None, "Be a pirate."),
        ("Be a pirate.", "You are a butler.", "You are a butler."),
        ("", "You are a butler.", "You are a butler."),
    ],
)
def test_an_assistants_own_persona_goes_before_the_engines(
    engines: str, assistants: str | None, told: str
) -> None:
    content = prompt.system(engines, Situation(persona=assistants))["content"]
    assert content.startswith(told)
