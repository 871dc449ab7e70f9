"""Sentences: matching, names and areas, and access for the grammar."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from satellite.errors import EngineFailed
from servers.intents.sentences import LONGEST, load, normalize
from servers.intents.skills import SKILLS
from tests.servers.intents.number_words import in_words
from tests.servers.llm.built_in_engine import english


def test_text_is_matched_without_hyphens_case_and_punctuation() -> None:
    assert normalize(" Wi-Fi_lamp  at 5%") == "Wi Fi lamp at 5%"
    match = english().match("TURN ON, the Wi Fi lamp!!", ("wi-fi lamp",), ())
    assert match is not None
    assert match.slots == {"name": "wi-fi lamp"}


def test_every_volume_is_understood_in_words_and_in_digits() -> None:
    for number in range(101):
        for text in (in_words(number), str(number)):
            match = english().match(f"set the volume to {text} percent", (), ())
            assert match is not None
            assert match.slots == {"volume_level": number}


def test_a_name_that_holds_an_area_is_one_name() -> None:
    match = english().match("turn on the kitchen lamp", ("kitchen lamp", "lamp"), ("kitchen",))
    assert match is not None
    assert match.slots == {"name": "kitchen lamp"}


def test_template_characters_in_a_name_are_literal() -> None:
    match = english().match("turn on lamp (left)", ("lamp (left)", "", " - "), ())
    assert match is not None
    assert match.slots == {"name": "lamp (left)"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Lamp 2", ["lamp 2", "lamp two", "Lamp Two"]),
        ("Lamp Two", ["lamp 2", "lamp two"]),
        ("Light #1", ["light 1", "light one", "light number one", "light #1", "light no. 1"]),
        ("A/C", ["AC", "a c", "A/C", "A.C.", "A. C."]),
        ("AC", ["AC", "a c", "A/C", "A.C."]),
        ("TV", ["tv", "T.V.", "t v"]),
        ("2nd Floor Lamp", ["second floor lamp", "2nd floor lamp"]),
        ("Second Floor Lamp", ["second floor lamp", "2nd floor lamp"]),
        ("Room 101", ["room 101", "room one hundred one", "room one oh one"]),
        ("PS5", ["ps5", "ps 5", "p s five"]),
        ("Desk & Shelf", ["desk and shelf", "desk & shelf"]),
        ("Wi-Fi lamp", ["wifi lamp", "wi fi lamp", "Wi-Fi lamp"]),
        ("Dr. Who lamp", ["doctor who lamp", "Dr. Who lamp", "dr who lamp"]),
        ("Doctor Who lamp", ["doctor who lamp", "Dr. Who lamp"]),
        ("Mr. Coffee", ["mister coffee", "mr coffee"]),
        ("St. Mary Light", ["saint mary light", "St. Mary light"]),
        ("Café lamp", ["cafe lamp", "café lamp"]),
        ("Cafe lamp", ["Café lamp"]),
        ("Television", ["TV", "tv"]),
    ],
)
def test_a_name_is_known_in_every_spelling(name: str, said: list[str]) -> None:
    for words in said:
        match = english().match(f"turn on {words}", (name,), ())
        assert match is not None, words
        assert match.slots == {"name": name}


def test_an_invalid_spelling_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("language: en\nspelling:\n  - ['(', 'x']\n")
    with pytest.raises(EngineFailed, match="spelling"):
        load("en", tmp_path)
    (tmp_path / "own.yaml").write_text("language: en\nspelling: {a: b}\n")
    with pytest.raises(EngineFailed):
        load("en", tmp_path)


def test_a_text_of_the_greatest_length_is_still_matched() -> None:
    padding = " " * (LONGEST - len("stop"))
    assert english().match("stop" + padding, (), ()) is not None
    assert english().match("stop" + padding + " ", (), ()) is None


def test_every_intent_has_a_skill_or_a_response() -> None:
    for name, intent in english().intents.intents.items():
        for data in intent.data:
            assert name in SKILLS or english().phrases.has(name, data.response or "default")


def test_every_template_is_offered_with_its_intent() -> None:
    templates = list(english().templates())
    assert ("Stop", "be quiet") in [(name, sentence.text) for name, sentence in templates]
    assert {name for name, _sentence in templates} == set(english().intents.intents)


def test_lists_are_cached_for_each_home() -> None:
    first = english().lists(("lamp",), ("attic",))
    assert english().lists(("lamp",), ("attic",)) is first
    assert english().lists(("fan",), ("attic",)) is not first


def test_a_region_is_understood_as_its_language() -> None:
    assert load("en-US").language == "en"


def test_importing_the_brain_imports_neither_hassil_nor_yaml() -> None:
    code = (
        "import sys, servers.llm.intents; "
        "sys.exit(' '.join({'hassil', 'yaml', 'unicode_rbnf'} & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
