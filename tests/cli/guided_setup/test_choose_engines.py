"""The setup offers the engines that can be used here."""

from __future__ import annotations

from typing import Any

import pytest

from satellite.cli.guided_setup import choose_engines
from satellite.cli.guided_setup.choose_engines import engines
from satellite.cli.guided_setup.wizard import Wizard
from satellite.config.keys import build
from servers.models.offers import Offer
from tests.cli.guided_setup.test_choose_language import Answering


@pytest.fixture(autouse=True)
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    async def offers(_: Any) -> tuple[Offer, ...]:
        return (
            Offer("llm", "llamacpp:qwen2.5-0.5b", "gguf model, 491 MB"),
            Offer("llm", "openai:http://127.0.0.1:8080/v1", "llama.cpp's server: m"),
            Offer("tts", "espeak:de", "a voice"),
        )

    monkeypatch.setattr(choose_engines, "offers", offers)
    monkeypatch.setattr(choose_engines, "lacking", lambda settings: {"asr": "sherpa:zipformer-en"})


@pytest.mark.parametrize(
    ("answer", "chosen"),
    [
        ("llamacpp:qwen2.5-0.5b", "llamacpp:qwen2.5-0.5b"),
        ("http://10.0.0.7:8000/v1", "openai:http://10.0.0.7:8000/v1"),
        ("auto", "auto"),
    ],
)
async def test_a_language_model_is_chosen(answer: str, chosen: str) -> None:
    session = Wizard(Answering(answer, "espeak:de"), build({}))
    await engines(session)
    assert session.settings.llm == chosen
    assert session.settings.tts == "espeak:de"
    assert session.settings.asr == "auto"


async def test_enter_leaves_the_settings_as_they_are() -> None:
    person = Answering()
    session = Wizard(person, build({"llm": "intents"}))
    await engines(session)
    assert (session.settings.llm, session.settings.tts) == ("intents", "auto")
    assert "Engines" in person.lines


async def test_a_wrong_component_is_asked_for_again() -> None:
    person = Answering("lamacpp:x", "intents", "auto")
    session = Wizard(person, build({}))
    await engines(session)
    assert session.settings.llm == "intents"
    assert any("did you mean llamacpp" in line for line in person.lines)


async def test_what_the_command_line_has_named_is_not_asked_for() -> None:
    person = Answering("auto")
    session = Wizard(person, build({"llm": "intents"}), preset=["llm"])
    await engines(session)
    assert session.settings.llm == "intents"
    assert [choice.value for choice in person.offered] == ["auto", "espeak:de"]


async def test_models_that_an_installed_engine_lacks_are_named() -> None:
    person = Answering()
    await engines(Wizard(person, build({})))
    line = "  satellite models pull sherpa:zipformer-en: sherpa-onnx recognizes speech"
    assert line in person.lines
