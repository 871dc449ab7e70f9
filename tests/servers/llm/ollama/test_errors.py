"""Failures of Ollama: the error class, the remedy, the spoken apology."""

from __future__ import annotations

import pytest

from satellite.errors import (
    AnswerBroken,
    EngineBusy,
    EngineDown,
    EngineError,
    EngineFailed,
    EngineTimeout,
    ModelMissing,
    OutOfMemory,
)
from satellite.turns.own_sentences import own_sentences
from servers.llm.ollama.errors import engine_errors
from tests.servers.llm.asking import ask, brain, heard
from tests.support.ollama_fake import Script, cut, erring, failure, fake_ollama, words

SAID = words("The ", "lamp ")

CASES: dict[str, tuple[Script, type[EngineError], str, str]] = {
    "missing": (
        failure(404, "model 'm' not found"),
        ModelMissing,
        "satellite models pull ollama:m",
        "Sorry, the language model is not installed.",
    ),
    "memory": (
        failure(500, "model requires more system memory (9.9 GiB) than is available (3.1 GiB)"),
        OutOfMemory,
        "ollama ps",
        "Sorry, there is not enough memory for the language model.",
    ),
    "busy": (
        failure(503, "server busy, please try again.  maximum pending requests exceeded"),
        EngineBusy,
        "OLLAMA_MAX_QUEUE",
        "Sorry, the language model is busy. Please ask again.",
    ),
    "thinking": (
        failure(400, '"m" does not support thinking'),
        EngineFailed,
        "think=false",
        "Sorry, I have no answer just now.",
    ),
    "broken": (cut(SAID, "broken"), AnswerBroken, "journalctl", "Sorry, the answer broke off."),
    "short": (cut(SAID, "whole"), AnswerBroken, "last line", "Sorry, the answer broke off."),
    "runner": (
        erring(SAID, "model runner has unexpectedly stopped"),
        AnswerBroken,
        "ollama serve",
        "Sorry, the answer broke off.",
    ),
    "within": (
        erring(SAID, "cudaMalloc failed: out of memory"),
        OutOfMemory,
        "smaller model",
        "Sorry, there is not enough memory for the language model.",
    ),
    "other": (failure(500, "odd\nthing"), EngineFailed, "odd thing", "Sorry, I have no answer"),
    "silent": (cut(SAID, "hang"), EngineTimeout, "ollama ps", "Sorry, the language model took"),
}


@pytest.mark.parametrize("name", CASES)
async def test_each_failure_names_its_remedy(name: str) -> None:
    script, kind, hint, sentence = CASES[name]
    async with fake_ollama(script) as fake, brain(fake.host, timeout=1.0) as engine:
        with pytest.raises(kind) as raised:
            await ask(engine, "hello")
        fake.scripts = [words("Well.")]
        assert heard(await ask(engine, "and now?")) == "Well."
    assert hint in str(raised.value)
    assert "\n" not in str(raised.value)
    assert (own_sentences().apology("llm", raised.value) or "").startswith(sentence)


async def test_a_stopped_ollama_is_reported_with_the_command_that_starts_it() -> None:
    async with fake_ollama() as fake:
        host = fake.host
    async with brain(host) as engine:
        with pytest.raises(EngineDown, match="ollama serve") as raised:
            await ask(engine, "hello")
    text = own_sentences().apology("llm", raised.value)
    assert text == "Sorry, the language model is not running."


async def test_a_malformed_address_is_reported() -> None:
    async with brain("http://[nowhere", load=False) as engine:
        with pytest.raises(EngineFailed, match="no address"):
            await ask(engine, "hello")


@pytest.mark.parametrize(("model", "named"), [("", ""), ("m", " with m")])
def test_a_silent_ollama_is_named_with_the_model_that_was_asked(model: str, named: str) -> None:
    expected = f"Ollama at http://o was silent for 5 s{named}: see"
    with pytest.raises(EngineTimeout, match=expected), engine_errors(model, "http://o", 5.0):
        raise TimeoutError
