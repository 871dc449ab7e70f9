"""Codes of languages as other systems write them."""

from __future__ import annotations

import pytest

from satellite.languages.codes import THREE_LETTERS, find, same

KNOWN = ("en", "de", "no", "nn", "tl", "he", "zh", "jw", "pt", "id", "ro", "sr", "fa", "haw")


@pytest.mark.parametrize(
    ("requested", "code"),
    [
        *(("de", "de"), ("DE", "de"), ("de-AT", "de"), ("de_DE.UTF-8", "de"), ("deu", "de")),
        *(("nb", "no"), ("nb-NO", "no"), ("nn", "nn"), ("nob", "no"), ("no", "no")),
        *(("fil", "tl"), ("fil-PH", "tl"), ("iw", "he"), ("iw-IL", "he"), ("in", "id")),
        *(("cmn", "zh"), ("cmn-Hans-CN", "zh"), ("zh-Hant", "zh"), ("zh-TW", "zh")),
        *(("zh-cmn-Hans", "zh"), ("zh-yue", "zh"), ("zh-Hant-HK", "zh"), ("yue", "zh")),
        *(("jv", "jw"), ("jw", "jw"), ("jav", "jw"), ("pt-BR", "pt"), ("sr-Latn-RS", "sr")),
        *(("mo", "ro"), ("sh", "sr"), ("prs", "fa"), ("haw", "haw"), ("ger", "de")),
        *(("gsw", "de"), ("scc", "sr"), ("hbs", "sr")),
        *(("tlh", None), ("", None), ("<|de|>", None), ("x", None), ("english", None)),
    ],
)
def test_a_code_of_another_system_is_known(requested: str, code: str | None) -> None:
    assert find(requested, KNOWN) == code


def test_whispers_own_codes_come_first() -> None:
    assert find("yue", ("zh", "yue")) == "yue"
    assert find("zh-yue", ("zh", "yue")) == "yue"
    assert find("nn-NO", ("no",)) == "no"
    assert find("jw", ("jv",)) == "jv"


def test_every_code_of_three_letters_has_one_of_two() -> None:
    assert all(len(long) == 3 and len(short) == 2 for long, short in THREE_LETTERS.items())


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        *(("nb", "no_NO", True), ("no", "nb", True), ("cmn", "zh-TW", True), ("iw", "he-IL", True)),
        *(
            ("sr-Latn", "sr", True),
            ("pt-BR", "pt_PT.UTF-8", True),
            ("eng", "en-US-x-private", True),
        ),
        *(("fil", "tl", True), ("en", "de", False), ("", "en", False), ("sv", "nb", False)),
    ],
)
def test_two_codes_of_a_language_are_the_same(one: str, other: str, alike: bool) -> None:
    assert same(one, other) is alike
    assert same(other, one) is alike
