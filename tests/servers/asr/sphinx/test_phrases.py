"""Recognition of some phrases in place of all sentences, and of words unlike them."""

from __future__ import annotations

import pytest

from satellite.errors import EngineFailed
from satellite.languages.hearing import hearing
from satellite.listening.stop_phrases import CONFIDENCE
from servers.asr.sphinx.recognizer import Recognizer
from servers.asr.sphinx.vocabulary import for_phrases
from tests.support.speech import noise, silence, speak

PHRASES, OTHERS = hearing("en").stop_words, hearing("en").not_stop_words


def test_every_word_is_in_the_dictionary_and_other_words_are_unlikely() -> None:
    made = for_phrases(("stop it", "cancel"), ("hello",))
    phonemes = made.pronunciations()
    assert {"stop", "it", "cancel", "hello"} <= phonemes.keys()
    assert ["S", "T", "AO", "P"] in phonemes["stop"]  # as in Britain
    arcs = [line.split() for line in made.network.splitlines() if line.startswith("TRANSITION")]
    chance = {arc[4]: float(arc[3]) for arc in arcs if len(arc) == 5}
    assert chance["stop"] == chance["cancel"] == 1.0
    assert chance["hello"] < 0.001


def test_an_unpronounceable_word_is_named() -> None:
    with pytest.raises(EngineFailed, match="no pronunciation for 12345"):
        for_phrases(("stop",), ("12345",))


def test_single_words_are_distinguished_from_phrases() -> None:
    recognizer = Recognizer(for_phrases(PHRASES, OTHERS))

    def transcribed(text: str, voice: str) -> str:
        recognizer.begin()
        recognizer.feed(silence(0.3) + speak(text, voice) + noise(0.4, 0.0005))
        taken, sure = recognizer.finish()
        return taken if sure >= CONFIDENCE else ""

    for voice in ("en-us", "en-us+m3", "en-gb", "en-us+f1"):
        assert [transcribed(text, voice) for text in ("stop", "cancel", "never mind")] == [
            "stop",
            "cancel",
            "never mind",
        ]
        for text in ("hello", "thanks", "more", "what time is it"):
            assert transcribed(text, voice) not in PHRASES
