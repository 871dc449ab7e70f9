"""English text is normalized; other languages stay unchanged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.tts.normalization.normalizer import normalize

PARTS = [
    "2024-05-01",
    "7:30",
    "5/1/2024",
    "km",
    "°C",
    "am",
    "e.g.",
    "Dr.",
    "etc.",
    "a.bc",
    "'s",
    "10",
]
TEXTS = st.lists(
    st.sampled_from(
        [*PARTS, *"012590 $€%-–.,½ mkA#@~&=×/:", " p.m.", "1999", "May ", "in ", "No. ", " million"]
    ),
    max_size=16,
).map("".join)


@given(TEXTS | st.text(max_size=40), st.sampled_from(["en-US", "en_GB", "en", "de", "", "x y"]))
def test_normalizing_never_fails_and_is_idempotent(text: str, language: str) -> None:
    once = normalize(text, language)
    assert normalize(once, language) == once


@given(st.text(st.sampled_from("abc ABC,!?'\n"), max_size=60))
def test_words_stay(text: str) -> None:
    assert normalize(text, "en-US") == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "It is 21°C, feels like -3 °C.",
            "It is 21 degrees Celsius, feels like minus 3 degrees Celsius.",
        ),
        ("Wind 5 km/h, 1 km away.", "Wind 5 kilometers per hour, 1 kilometer away."),
        ("40% of 1,200 kWh", "40 percent of 1,200 kilowatt hours"),
        ("Turn it 90° left", "Turn it 90 degrees left"),
        (
            "It costs $5, or $5.50, or $1.",
            "It costs 5 dollars, or 5 dollars and 50 cents, or 1 dollar.",
        ),
        ("$0.99 or 20 € or £1.01", "99 cents or 20 euros or 1 pound and 1 penny"),
        ("$1.5 million and $3k", "1.5 million dollars and 3 thousand dollars"),
        ("At 7:30 pm.", "At 7 30 P M."),
        ("From 7:00 to 19:05", "From 7 o'clock to 19 oh 5"),
        ("At 7 a.m. on May 5", "At 7 A M on May 5th"),
        ("At 8 p.m. We eat", "At 8 P M. We eat"),
        ("On 2024-05-01 it rained.", "On May 1st, 20 24 it rained."),
        ("On 2024-13-01 it rained.", "On 2024-13-01 it rained."),
        ("May 22, 1905 and July 2003", "May 22nd, 19 oh 5 and July 2003"),
        ("In 1999, and since 2008, until 1900.", "In 19 99, and since 2008, until 19 hundred."),
        ("in 1500 grams", "in 15 hundred grams"),
        ("1999 lamps", "1999 lamps"),
        ("5-10 minutes, 5–10 min", "5 to 10 minutes, 5 to 10 minutes"),
        ("Call 555-1234", "Call 555-1234"),
        (
            "Dr. Smith vs. Mr. Jones, e.g. now, etc.",
            "Doctor Smith versus Mister Jones, for example now, et cetera.",
        ),
        (
            "Add 1/2 cup, 1½ tsp and 3/4 l",
            "Add one half cup, 1 and a half tsp and three quarters l",
        ),
        ("No. 5, #6, ~7", "number 5, number 6, about 7"),
        ("me@example.com or example.co.uk", "me at example dot com or example dot co dot uk"),
        ("3 × 4 = 12, 2 + 2 = 4", "3 times 4 equals 12, 2 plus 2 equals 4"),
        ("salt & pepper, 24/7", "salt and pepper, 24 7"),
        ("The score is 3:2 in the 1980s.", "The score is 3:2 in the 1980s."),
    ],
)
def test_english(text: str, words: str) -> None:
    assert normalize(text, "en-US") == words


def test_regions_write_dates_in_their_order() -> None:
    assert normalize("5/1/2024", "en-US") == "May 1st, 20 24"
    assert normalize("5/1/2024", "en_GB") == "January 5th, 20 24"
    assert normalize("31/1/2024", "en-US") == "January 31st, 20 24"


def test_other_languages_stay_unchanged() -> None:
    assert normalize("Um 7:30 Uhr, 5 km/h, z. B.", "de-DE") == "Um 7:30 Uhr, 5 km/h, z. B."
    assert normalize("5 km", "../en") == "5 km"
