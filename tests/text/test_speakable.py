"""A language model's text is spoken without its markup, as a whole or by sentences."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.text.speakable import MarkupFilter, speakable

MARKS = st.text(st.sampled_from("ab 1*_`#>-|[](){}<>!~.:/@\\\n&;=+wh😀→\u200d\ufe0f"), max_size=60)
SENTENCES = st.lists(
    st.sampled_from(
        [
            "**Bold** and *slanted*, `code` and ~~gone~~.",
            "# A heading\n",
            "- one\n- two\n",
            "[words](https://example.com/a_(b)) and https://www.example.com/x?y=z.",
            "| a | b |\n|---|---|\n| 1 | 2 |\n",
            "<b>html</b> &amp; more 😀👍🏽 👨‍👩‍👧",
            "> quoted __text__",
            "snake_case_name",
        ]
    ),
    max_size=6,
)


@given(MARKS | st.text(max_size=60) | SENTENCES.map(" ".join))
def test_cleaning_never_fails_and_is_idempotent(text: str) -> None:
    once = speakable(text)
    assert speakable(once) == once


@given(MARKS | st.text(max_size=60) | SENTENCES.map("\n".join))
def test_no_markup_is_left(text: str) -> None:
    spoken = speakable(text)
    left = re.search(r"[*`_\[\]]|~~|^#{1,6} |^> |^[-+•] \S|https?://|😀|\u200b", spoken, re.M)
    assert not left


@given(st.text(st.sampled_from("abc ABC,.1"), max_size=60))
def test_text_without_markup_is_unchanged(text: str) -> None:
    assert re.sub(r"\s", "", speakable(text)) == re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("**Yes**, the *lamp* is `on`.", "Yes, the lamp is on."),
        ("## The weather\nIt rains.", "The weather.\nIt rains."),
        ("Buy:\n- milk\n* eggs\n+ [x] bread.", "Buy:\nmilk,\neggs,\nbread."),
        ("1. Open the door.\n2. Go in.", "1. Open the door.\n2. Go in."),
        ('See [the page](https://a.example/b_(c) "title").', "See the page."),
        ("Go to https://www.example.com/a/b?c=d#e.", "Go to example.com."),
        ("Go to <https://example.com>, or www.example.org!", "Go to example.com, or example.org!"),
        ("It is at example.com/a/b.html, I think.", "It is at example.com, I think."),
        ("Write to mailto:me@example.com.", "Write to me@example.com."),
        ("![A cat](cat.png) sleeps", "A cat sleeps"),
        ("True[^1] enough【4†source】.", "True enough."),
        ("[x]: https://example.com\nEnd.", "End."),
        ("| Room | °C |\n|:--|--:|\n| Kitchen | 21 |", "Room, °C.\nKitchen, 21."),
        ("Fine 😀👍🏽! ❤️ 👨‍👩‍👧 Bye", "Fine! Bye"),
        ("A → B", "A, B"),
        ("Well... :-) yes!!!", "Well... yes!"),
        ("3 * 4 and a * b", "3 × 4 and a b"),
        ("fish &amp; chips<br>now", "fish & chips now"),
        ("a < b and c > d", "a < b and c > d"),
        ("my_file_name", "my file name"),
        ("---\n***\nEnd", "End"),
        ("soft\u00adly, zero\u200bwidth", "softly, zerowidth"),
        ("and/or, 24/7, 5 km/h", "and/or, 24/7, 5 km/h"),
        ("C# and F#, #5", "C# and F#, #5"),
        ("\\*not bold\\*", "not bold"),
        ("[[a](b) c](d) and [e", "a c and e"),
        ("![[a](b)](c) [1]", "a 1"),
        ("](", "("),
        ("> # - nested", "nested."),
        ("", ""),
    ],
)
def test_markup_is_removed(text: str, spoken: str) -> None:
    assert speakable(text) == spoken


def test_a_code_block_is_left_out_even_in_pieces() -> None:
    answer = MarkupFilter()
    assert answer.clean("Try this:\n```python\nprint('x').") == "Try this:"
    assert answer.clean("print('y')!") == ""
    assert answer.clean("```\nThen run it. ```x``` Done") == "Then run it.\nDone"


def test_a_long_hostile_text_is_cleaned_quickly() -> None:
    for part in (
        "[" * 1000,
        "*_`" * 300,
        "<a" * 500,
        "a." * 500,
        "![](" * 250,
        "| " * 500,
        "&" * 999,
        "- " * 500,
        "&amp;amp;" * 100,
        "\\(" * 500,
        "\\[x" * 300,
        "$a" * 500,
        "\\frac{" * 150,
    ):
        speakable(part * 10)


def test_a_power_in_code_keeps_its_sign_and_highlights_lose_theirs() -> None:
    assert speakable("2**3 is 8, **2** is two, ==mark== it, a == b") == (
        "2³ is 8, 2 is two, mark it, a == b"
    )


@pytest.mark.parametrize(
    ("styled", "plain"),
    [
        ("𝗯𝗼𝗹𝗱 and 𝓈𝓁𝒶𝓃𝓉𝑒𝒹", "bold and slanted"),
        ("ｆｕｌｌ １２", "full 12"),
        ("Henry Ⅷ, 21℃, 5㎏", "Henry VIII, 21°C, 5kg"),
    ],
)
def test_letters_in_a_style_are_ordinary_ones(styled: str, plain: str) -> None:
    assert speakable(styled) == plain
