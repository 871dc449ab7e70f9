"""Number words: as people say them, and understood again."""

from __future__ import annotations

import pytest

from servers.intents.numbers import spoken, spoken_range
from tests.servers.llm.brain import english


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "zero"), (7, "seven"), (25, "twenty five"), (100, "one hundred")],
)
def test_words(number: int, words: str) -> None:
    assert spoken(number) == words


def test_another_language_has_its_own_words() -> None:
    assert spoken(3, "de") == "drei"


def test_a_range_includes_its_end() -> None:
    assert list(spoken_range(10, 20, 5)) == ["ten", "fifteen", "twenty"]


def test_every_number_of_a_volume_is_understood_as_words_and_as_digits() -> None:
    for number in range(101):
        for text in (spoken(number), str(number)):
            match = english().match(f"set the volume to {text} percent", (), ())
            assert match is not None
            assert match.slots == {"volume_level": number}
