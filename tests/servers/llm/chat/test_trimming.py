"""Conversations trimmed to a context by tokens, as counted by the model."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.errors import EngineFailed
from satellite.values import Message
from servers.llm.chat.trimming import TokenMeter, fit_prompt, prompt_length
from servers.llm.gpt4all.options import Gpt4AllOptions
from servers.llm.llamacpp.options import LlamaCppOptions
from servers.llm.ollama.options import OllamaOptions
from servers.llm.openai.options import OpenAiOptions
from tests.servers.llm.asking import ask, brain
from tests.support.ollama_fake import fake_ollama, words

FIRST = {"role": "system", "content": "Be brief."}
LAST = [{"role": "user", "content": "And now?"}]


def talk(count: int, size: int = 40) -> list[dict[str, Any]]:
    return [
        {"role": ("user", "assistant")[number % 2], "content": f"{number}".ljust(size, ".")}
        for number in range(count)
    ]


@given(
    sizes=st.lists(st.integers(0, 400), max_size=40),
    budget=st.integers(100, 2000),
    tokens=st.integers(50, 400),
)
def test_the_prompt_fits_and_has_the_latest_messages(
    sizes: list[int], budget: int, tokens: int
) -> None:
    meter = TokenMeter()
    meter.learn(600, tokens, 4096)
    history = [talk(index + 1, size)[-1] for index, size in enumerate(sizes)]
    prompt = fit_prompt(FIRST, history, LAST, (), meter, budget, "num_ctx")
    kept = prompt[1:-1]
    assert meter.tokens(prompt_length(prompt)) <= budget
    assert prompt[0] is FIRST
    assert prompt[-1:] == LAST
    assert kept == history[len(history) - len(kept) :]
    assert not kept or kept[0]["role"] == "user"


def test_a_conversation_that_fits_is_not_trimmed() -> None:
    assert fit_prompt(FIRST, talk(20), LAST, (), TokenMeter(), 4096, "num_ctx")[1:-1] == talk(20)


def test_several_turns_in_a_row_begin_with_the_same_message() -> None:
    """Otherwise every turn would have Ollama compute the whole conversation anew."""
    starts = [
        fit_prompt(FIRST, talk(count), LAST, (), TokenMeter(), 600, "num_ctx")[1]["content"]
        for count in range(40, 60, 2)
    ]
    assert len(set(starts)) <= 4


def test_a_message_that_does_not_fit_alone_is_refused() -> None:
    long = [{"role": "user", "content": "x" * 10_000}]
    with pytest.raises(EngineFailed, match="raise ctx_size"):
        fit_prompt(FIRST, talk(4), long, (), TokenMeter(), 1000, "ctx_size")


@pytest.mark.parametrize("kind", [Gpt4AllOptions, LlamaCppOptions, OllamaOptions, OpenAiOptions])
def test_the_option_that_errors_name_is_the_one_of_the_context(kind: Any) -> None:
    assert kind(**{kind.context_option: 1024}).num_ctx == 1024


def test_the_meter_falls_at_once_and_rises_slowly() -> None:
    meter = TokenMeter()
    meter.learn(1000, 1000, 4096)
    assert meter.characters == 1.0
    meter.learn(5000, 1000, 4096)
    assert 1.0 < meter.characters < 2.0
    for _ in range(50):
        meter.learn(5000, 1000, 4096)
    assert meter.characters == pytest.approx(5.0, rel=0.01)


def test_a_full_context_means_that_the_prompt_was_cut() -> None:
    meter = TokenMeter()
    before = meter.characters
    meter.learn(40_000, 4096, 4096)
    assert meter.characters < before


def test_missing_and_absurd_counts_do_no_harm() -> None:
    meter = TokenMeter()
    for characters, tokens in ((100, None), (0, 5), (100, 0), (10**9, 1), (1, 3000)):
        meter.learn(characters, tokens, 4096)
        assert 0.5 <= meter.characters <= 8.0


async def test_the_count_of_the_model_decides_the_length_of_the_prompt() -> None:
    """A language of which a character is a token gets fewer messages into the same context."""
    history = tuple(Message(role=m["role"], text=m["content"]) for m in talk(40, 120))
    async with (
        fake_ollama(words("Well.", tokens=3800)) as fake,
        brain(fake.host, num_ctx=4096, num_predict=512, tool_rounds=0) as engine,
    ):
        for _ in range(2):
            await ask(engine, "and now?", history=history)
        first, second = (asked["messages"] for asked in fake.asked)
    assert len(second) < len(first) == 42
