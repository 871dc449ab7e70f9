"""Numbers are written in the numerals of Chinese and Japanese."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.tts.normalization.language_table import table
from servers.tts.normalization.numerals import Numerals


def numerals(language: str) -> Numerals:
    found = table(language)
    assert found is not None
    assert found[0].numerals is not None
    return found[0].numerals


@pytest.mark.parametrize(
    ("number", "chinese", "japanese"),
    [
        ("0", "零", "零"),
        ("10", "十", "十"),
        ("15", "十五", "十五"),
        ("20", "二十", "二十"),
        ("100", "一百", "百"),
        ("101", "一百零一", "百一"),
        ("110", "一百一十", "百十"),
        ("1000", "一千", "千"),
        ("1010", "一千零一十", "千十"),
        ("2000", "两千", "二千"),
        ("10000", "一万", "一万"),
        ("10005", "一万零五", "一万五"),
        ("20500", "两万零五百", "二万五百"),
        ("100010", "十万零一十", "十万十"),
        ("100000000", "一亿", "一億"),
        ("100200000", "一亿零二十万", "一億二十万"),
        ("-3.05", "负三点零五", "マイナス三点零五"),
        ("007", "零零七", "零零七"),
    ],
)
def test_cardinal_numbers(number: str, chinese: str, japanese: str) -> None:
    assert numerals("zh").cardinal(number) == chinese
    assert numerals("ja").cardinal(number) == japanese


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_different_numbers_have_different_words(one: int, other: int) -> None:
    for language in ("zh", "zh-TW", "ja"):
        words = numerals(language).cardinal
        assert (words(str(one)) == words(str(other))) == (one == other)
