"""Words that templates require: those that hassil computes, computed faster."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files

import pytest
from hassil.expression import Sentence
from hassil.intents import Intents

from servers.intents.required_words import RequiredWords
from servers.intents.template_parser import intents_of


def read(language: str) -> Intents:
    file = files("home_assistant_intents") / "data" / f"{language}.json"
    return intents_of(json.loads(file.read_text("utf-8")))


def sentences(intents: Intents) -> list[Sentence]:
    data = (data for intent in intents.intents.values() for data in intent.data)
    return [sentence for block in data for sentence in block.sentences]


def made(template: str, **rules: str) -> Intents:
    block = {"sentences": [template]}
    return intents_of(
        {"language": "en", "intents": {"X": {"data": [block]}}, "expansion_rules": rules}
    )


def required(template: str, **rules: str) -> set[frozenset[str]]:
    intents = made(template, **rules)
    RequiredWords(intents.expansion_rules).set(intents)
    (sentence,) = sentences(intents)
    assert sentence.required_clauses is not None
    return set(sentence.required_clauses)


def single(clauses: Iterable[frozenset[str]]) -> set[frozenset[str]]:
    """Return the clauses of one word: in others, any word of a part may stand for it."""
    return {clause for clause in clauses if len(clause) == 1}


@pytest.mark.parametrize("language", ["de", "zh-CN"])
def test_they_are_those_of_hassil(language: str) -> None:
    quick, usual = read(language), read(language)
    RequiredWords(quick.expansion_rules).set(quick)
    for sentence, other in zip(sentences(quick), sentences(usual), strict=True):
        expected = other.get_required_clauses(usual.expansion_rules)
        found = sentence.required_clauses
        assert found is not None
        assert bool(found) == bool(expected), sentence.text
        assert single(found) == single(expected), sentence.text


def test_a_choice_requires_one_word_of_each_of_its_parts() -> None:
    assert required("please (open|close) it") == {
        frozenset({"please"}),
        frozenset({"open", "close"}),
        frozenset({"it"}),
    }


def test_options_and_lists_require_nothing() -> None:
    assert required("[please] {name} (on|)") == set()


def test_words_of_a_rule_are_required() -> None:
    assert required("<verb> it", verb="open") == {frozenset({"open"}), frozenset({"it"})}


def test_a_rule_in_itself_ends() -> None:
    assert required("it <round>", round="(a|<round>)") == {frozenset({"it"})}


def test_equal_clauses_are_one_object() -> None:
    intents = intents_of(
        {
            "language": "en",
            "intents": {"X": {"data": [{"sentences": ["(a|b) c", "d (b|a)"]}]}},
        }
    )
    RequiredWords({}).set(intents)
    first, second = (sentence.required_clauses or frozenset() for sentence in sentences(intents))
    (one,), (other,) = ([c for c in clauses if len(c) == 2] for clauses in (first, second))
    assert one is other
