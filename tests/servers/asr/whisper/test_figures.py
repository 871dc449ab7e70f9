"""Figures that sound alike: which texts are compared with the one that was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from servers.asr.whisper import figures
from servers.asr.whisper.decoding import Decoder, DecodingOptions
from servers.asr.whisper.model import Decoded
from servers.asr.whisper.tokens import Prompt
from servers.asr.whisper.windows import RATE


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("Set a timer for 14 minutes.", ["Set a timer for 40 minutes."]),
        ("Set an alarm for 6.50am.", ["Set an alarm for 6.15am."]),
        ("Set a timer for 19 minutes.", ["Set a timer for 90 minutes."]),
        (
            "One hour and 15 minutes, 30%",
            ["One hour and 50 minutes, 30%", "One hour and 15 minutes, 13%"],
        ),
        ("Set a timer for 25 minutes.", []),
        ("Set a timer for 10, 11, 12 or 20 minutes.", []),
        ("In 1500, 2013 or 1.500", []),
        ("Turn on the lamp.", []),
    ],
)
def test_teens_and_tens_are_rivals(text: str, others: list[str]) -> None:
    assert list(figures.rivals(text)) == others


def test_a_text_full_of_numbers_has_few_rivals() -> None:
    assert len(figures.rivals(" ".join(["14"] * 100))) == figures.MOST


@pytest.mark.parametrize("number", range(100))
def test_rivals_are_mutual(number: int) -> None:
    other = figures.rival(number)
    assert other is None or figures.rival(other) == number


class Spelled:
    """A model with a token for each letter, which finds the text `said`."""

    multilingual = False

    def __init__(self, said: str, behind: float) -> None:
        """`behind`: by how much any other text is less likely."""
        self._said, self._behind = said, behind
        self.vocabulary = self
        self.compared: list[str] = []

    def encode(self, text: Any, frames: int = 0) -> Any:
        return [ord(letter) for letter in text] if isinstance(text, str) else text

    def decode(self, tokens: Sequence[int]) -> str:
        return "".join(map(chr, tokens))

    def start(self, language: str | None, task: str) -> list[int]:
        return [1, 2]

    def logprobs(self, encoded: Any, start: Any, texts: Sequence[Sequence[int]]) -> list[float]:
        self.compared += map(self.decode, texts[1:])
        return [-1.0, *(-1.0 - self._behind for _ in texts[1:])]

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)

    async def generate(self, *arguments: Any) -> Decoded:
        tokens = tuple(self.encode(self._said))
        return Decoded(tokens=tokens, avg_logprob=-0.1, no_speech_prob=0.0, ended=True)


async def alternatives_of(model: Any, samples: int) -> tuple[str, ...]:
    decoder = Decoder(model, model, DecodingOptions())
    found, _ = await decoder.decode(
        np.zeros(samples, np.float32), lambda language: Prompt(before=()), "en"
    )
    return found.other_texts


@pytest.mark.parametrize("seconds", [2, 20])
async def test_a_rival_that_fits_nearly_as_well_is_an_alternative(seconds: int) -> None:
    """In a short window, and in a whole one."""
    near, far = (Spelled("wake me in 14 minutes", figures.MARGIN + by) for by in (-0.1, 0.1))
    assert await alternatives_of(near, seconds * RATE) == ("wake me in 40 minutes",)
    assert await alternatives_of(far, seconds * RATE) == ()
    assert far.compared == [" wake me in 40 minutes"]


async def test_a_text_without_rivals_is_compared_with_none() -> None:
    model = Spelled("wake me in 10 minutes", 0.0)
    assert await alternatives_of(model, RATE) == ()
    assert not model.compared
