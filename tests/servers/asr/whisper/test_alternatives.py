"""Texts that fit the sound nearly as well as the best one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from servers.asr.whisper.alternatives import (
    FIGURES_MARGIN,
    MARGIN,
    Alternative,
    alternatives,
    of_whole,
)
from servers.asr.whisper.quality import Attempt, Thresholds, with_other

TEXTS = {
    1: " Set a timer for 14 minutes.",
    2: " Set a timer for 40 minutes.",
    3: " set a timer for 14 minutes",
    4: " Set a timer for 40 minutes!",
    5: " Set a time.",
    6: " ...",
    7: " Set the timer for 14 minutes.",
}
ATTEMPT = Attempt("Set a timer for 14 minutes.", (1,), -0.2, 0.0, ended=True)


def decode(tokens: Sequence[int]) -> str:
    return TEXTS[tokens[0]]


def found(*others: tuple[int, float]) -> list[str]:
    texts = alternatives("Set a timer for 14 minutes.", [((n,), by) for n, by in others], decode)
    return [each.text for each in texts]


def test_the_likeliest_other_text_comes_first() -> None:
    assert found((5, 0.9), (2, 0.1)) == ["Set a timer for 40 minutes.", "Set a time."]


def test_an_unlikely_text_is_left_out() -> None:
    assert found((5, MARGIN)) == found((7, MARGIN + 0.1), (5, MARGIN)) == ["Set a time."]
    assert found((7, MARGIN + 0.1)) == []
    assert found((2, FIGURES_MARGIN)) == ["Set a timer for 40 minutes."]
    assert found((2, FIGURES_MARGIN + 0.1)) == []


def test_texts_that_are_written_otherwise_only_are_left_out() -> None:
    assert found((3, 0.0), (2, 0.1), (4, 0.2), (6, 0.3)) == ["Set a timer for 40 minutes."]


def test_the_alternative_of_a_window_stands_among_the_other_windows() -> None:
    assert of_whole(["One.", "Two."], [("On.",), ("To.", "Too.")]) == (
        "On. Two.",
        "One. To.",
        "One. Too.",
    )


def test_a_good_text_of_a_short_window_is_an_alternative() -> None:
    before = msgspec.structs.replace(ATTEMPT, text="Set a timer for 40 minutes.", tokens=(2,))
    attempt = msgspec.structs.replace(ATTEMPT, alternatives=(Alternative("Set a time.", (5,)),))
    assert with_other(attempt, before, Thresholds()).other_texts == (
        "Set a timer for 40 minutes.",
        "Set a time.",
    )
    for bad in (
        msgspec.structs.replace(before, avg_logprob=-1.1),
        msgspec.structs.replace(before, text="Stop the lamp. Stop the lamp."),
        ATTEMPT,
        None,
    ):
        assert with_other(attempt, bad, Thresholds()) == attempt
