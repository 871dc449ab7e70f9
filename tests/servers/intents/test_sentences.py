"""Sentences: matching, names and areas, and access for the grammar."""

from __future__ import annotations

import subprocess
import sys

from servers.intents.sentences import LONGEST, load, normalize
from servers.intents.skills import SKILLS
from tests.servers.intents.number_words import in_words
from tests.servers.llm.built_in_engine import english


def test_text_is_matched_without_hyphens_case_and_punctuation() -> None:
    assert normalize(" Wi-Fi_lamp  at 5%") == "Wi Fi lamp at 5 percent"
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
