"""What a language model writes is said without its marks, whole or in sentences."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.text.speakable import PlainText, plain

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
def test_never_fails_and_twice_is_once(text: str) -> None:
    once = plain(text)
    assert plain(once) == once


@given(MARKS | st.text(max_size=60) | SENTENCES.map("\n".join))
def test_no_mark_is_left(text: str) -> None:
    said = plain(text)
    assert not re.search(r"[*`_]|~~|^#{1,6} |^> |^[-+•] \S|\]\(|https?://|😀|\u200b", said, re.M)


@given(st.text(st.sampled_from("abc ABC,.1"), max_size=60))
def test_plain_words_stay(text: str) -> None:
    assert re.sub(r"\s", "", plain(text)) == re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("text", "said"),
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
        ("", ""),
    ],
)
def test_says(text: str, said: str) -> None:
    assert plain(text) == said


def test_a_block_of_code_is_left_out_also_in_pieces() -> None:
    answer = PlainText()
    assert answer.of("Try this:\n```python\nprint('x').") == "Try this:"
    assert answer.of("print('y')!") == ""
    assert answer.of("```\nThen run it. ```x``` Done") == "Then run it.\nDone"


def test_a_long_hostile_text_takes_no_time() -> None:
    for part in (
        "[" * 1000,
        "*_`" * 300,
        "<a" * 500,
        "a." * 500,
        "![](" * 250,
        "| " * 500,
        "&" * 999,
    ):
        plain(part * 10)
