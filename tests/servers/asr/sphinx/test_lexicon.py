"""Every word gets a pronunciation, from the dictionary or from eSpeak NG, or a warning."""

from __future__ import annotations

import logging

import pytest

from servers.asr.sphinx.lexicon import PHONEMES, pronounce
from servers.asr.sphinx.vocabulary import model_folder


def look_up(*words: str) -> dict[str, list[str]]:
    return pronounce(words, model_folder() / "cmudict-en-us.dict", "en-us")


def test_the_dictionary_gives_all_variants() -> None:
    assert look_up("lamp", "the") == {"lamp": ["L AE M P"], "the": ["DH AH", "DH IY"]}


@pytest.mark.parametrize(
    ("word", "phonemes"), [("unmute", "AH N M Y UW T"), ("küche", "K UW CH"), ("2", "T UW")]
)
def test_espeak_pronounces_words_missing_from_the_dictionary(word: str, phonemes: str) -> None:
    assert look_up(word) == {word: [phonemes]}


def test_invented_names_consist_of_the_models_phonemes() -> None:
    words = ("jalousie", "xiaomi", "zigbee", "schlafzimmer", "wohnzimmer", "beleuchtung", "42")
    found = look_up(*words)
    assert set(found) == set(words)
    assert {name for ways in found.values() for way in ways for name in way.split()} <= {*PHONEMES}


def test_a_word_without_a_pronunciation_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert look_up("東") == {}
    assert "東" in caplog.text
