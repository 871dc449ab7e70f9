"""Plural categories by CLDR's rules."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from satellite.languages.names import Names
from satellite.languages.plurals import Plurals
from satellite.timers.ringing import Ago
from servers.tts.normalization.language_table import Money, Table

ENGLISH = {"one": "i = 1 and v = 0"}
FRENCH = {"one": "i = 0,1", "many": "e = 0 and i != 0 and i % 1000000 = 0 and v = 0"}
RUSSIAN = {
    "one": "v = 0 and i % 10 = 1 and i % 100 != 11",
    "few": "v = 0 and i % 10 = 2..4 and i % 100 != 12..14",
    "many": "v = 0 and i % 10 = 0 or v = 0 and i % 10 = 5..9 or v = 0 and i % 100 = 11..14",
}
POLISH = {
    "one": "i = 1 and v = 0",
    "few": "v = 0 and i % 10 = 2..4 and i % 100 != 12..14",
    "many": (
        "v = 0 and i != 1 and i % 10 = 0..1 or v = 0 and i % 10 = 5..9 or "
        "v = 0 and i % 100 = 12..14"
    ),
}
LATVIAN = {
    "zero": "n % 10 = 0 or n % 100 = 11..19 or v = 2 and f % 100 = 11..19",
    "one": "n % 10 = 1 and n % 100 != 11 or v = 2 and f % 10 = 1 and f % 100 != 11",
}


@pytest.mark.parametrize(
    ("rules", "by_category"),
    [
        (ENGLISH, {"one": [1, 1.0, -1], "other": [0, 2, 1.5, 21]}),
        (FRENCH, {"one": [0, 1, 1.5], "many": [1_000_000], "other": [2, 21, 1_000_001]}),
        (
            RUSSIAN,
            {
                "one": [1, 21, 101, 1001],
                "few": [2, 4, 22, 104],
                "many": [0, 5, 11, 12, 14, 19, 100, 111],
                "other": [1.5, 0.1],
            },
        ),
        (
            POLISH,
            {"one": [1], "few": [2, 23, 104], "many": [0, 5, 12, 21, 101, 114], "other": [2.5]},
        ),
        (LATVIAN, {"zero": [0, 11, 30], "one": [1, 21, 0.21], "other": [2, 0.22]}),
        ({}, {"other": [0, 1, 2, 1.5]}),
    ],
)
def test_numbers_have_the_categories_of_the_rules(
    rules: dict[str, str], by_category: dict[str, list[float]]
) -> None:
    plurals = Plurals(rules)
    assert {name: [plurals.category(n) for n in ns] for name, ns in by_category.items()} == {
        name: [name] * len(ns) for name, ns in by_category.items()
    }
    assert plurals.categories == tuple(by_category)


def test_a_missing_form_is_that_of_all_other_numbers() -> None:
    plurals = Plurals(RUSSIAN)
    assert plurals.choose({"one": "минута", "few": "минуты", "other": "минут"}, 5) == "минут"
    with pytest.raises(KeyError):
        plurals.choose({"one": "минута"}, 5)


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ({"one": "i is 1"}, '"i is 1" is no relation'),
        ({"one": "x = 1"}, '"x = 1" is no relation'),
        ({"one": "i = 1..2..3"}, "is neither a number nor a range"),
        ({"one": ""}, "is no relation"),
        ({"single": "i = 1"}, "unknown plural categories: single"),
        ({"other": "i = 1"}, "unknown plural categories: other"),
    ],
)
def test_an_invalid_rule_is_named(rules: dict[str, str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Plurals(rules)


def test_a_form_for_one_number_alone_has_precedence() -> None:
    forms = {"=0": "minuit", "=12": "midi", "one": "heure", "other": "heures"}
    choose = Plurals(FRENCH).choose
    assert [choose(forms, hour) for hour in (0, 1, 12, 13)] == ["minuit", "heure", "midi", "heures"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (Ago, {"seconds": {"one": "x"}, "minutes": "x"}),
        (Ago, {"seconds": "x", "minutes": {"one": "x"}}),
        (Names, {"units": {"%": {"one": "x"}}}),
        (Table, {"units": {"km": {"one": "x"}}}),
        (Money, {"unit": {"one": "x"}}),
        (Money, {"unit": "x", "part": {"one": "x"}}),
    ],
)
def test_forms_of_a_pack_without_one_for_other_numbers_are_refused(
    kind: type[msgspec.Struct], content: dict[str, Any]
) -> None:
    with pytest.raises(msgspec.ValidationError, match="without `other`: one"):
        msgspec.convert(content, kind)
