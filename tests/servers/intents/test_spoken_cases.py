"""Names in the cases of a language: written in the nominative, said in every case."""

from __future__ import annotations

import pytest

from satellite.errors import EngineFailed
from servers.intents.spelling import Spelling
from servers.intents.spoken_names import Naming

CASES = {
    "accusative": [["ая", "ую"], ["а", "у"], ["я", "ю"]],
    "genitive": [["ая", "ой"], ["а", "ы"], ["я", "и"]],
}


def naming(cases: object) -> Naming:
    return Naming.make("ru", {"names": {"cases": cases}}, Spelling())


def test_a_name_is_said_in_every_case() -> None:
    assert naming(CASES).forms("лампа") == ("лампа", "лампу", "лампы")


def test_all_words_of_a_name_are_declined_or_only_the_first() -> None:
    forms = naming(CASES).forms("большая лампа")
    assert {"большая лампа", "большую лампу", "большой лампы"} <= set(forms)
    assert "лампу кухня" in naming(CASES).forms("лампа кухня")


def test_the_first_rule_that_fits_a_word_counts() -> None:
    assert "гостину" not in naming(CASES).forms("гостиная")


def test_numbers_in_a_declined_name_are_said_in_words_as_well() -> None:
    assert {"лампу 2", "лампу два"} <= set(naming(CASES).forms("лампа 2"))


def test_an_invalid_ending_is_reported() -> None:
    with pytest.raises(EngineFailed, match="cases"):
        naming({"accusative": [["(", "x"]]})
