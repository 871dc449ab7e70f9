"""Phonemes for voices that read them: those that Piper's own phonemizer yields."""

from __future__ import annotations

import pytest

from servers.espeak.library import library
from servers.espeak.phonemizer import espeak_voice, phonemize


def phonemes(text: str, voice: str = "en-us") -> list[str]:
    found = espeak_voice(library(), voice)
    assert found is not None
    return phonemize(library(), text, found)


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("en-us", "The lamp in the kitchen is on, maybe. Is it half past nine? Yes!"),
        ("en-us", "It's three point five degrees; really: fine."),
        ("de", "Guten Tag, wie geht es Ihnen? Das ist ein Display."),
        ("fr", "Bonjour, comment allez-vous ? L'eau est chaude !"),
        ("es", "¿Qué hora es? Son las tres."),
        ("it", "Come stai? È già notte."),
    ],
)
def test_phonemes_are_those_of_piper(voice: str, text: str) -> None:
    phonemizer = pytest.importorskip("piper.phonemize_espeak").EspeakPhonemizer()
    expected = ["".join(sentence) for sentence in phonemizer.phonemize(voice, text)]
    assert phonemes(text, voice) == expected


def test_punctuation_remains_and_ends_sentences() -> None:
    assert phonemes("Two, four. Three?") == ["tˈuː, fˈɔːɹ.", "θɹˈiː?"]
    assert phonemes("好 one。two！") == phonemes("好 one. two!")
    assert len(phonemes("At 3.5 exactly")) == 1
    assert phonemes("Three… two") == ["θɹˈiː.", "tˈuː"]


def test_a_change_of_language_leaves_no_mark() -> None:
    assert not any("(" in sentence for sentence in phonemes("Das Display ist cool.", "de"))


@pytest.mark.parametrize("text", ["", "  \n", "...", "?!", " , "])
def test_a_text_without_sounds_has_no_sentences(text: str) -> None:
    assert phonemes(text) == []


@pytest.mark.parametrize("text", ["a\0b", "\ud800 x", "(" * 500 + "x", "." * 2000 + "x"])
def test_unusual_text_ends(text: str) -> None:
    assert phonemes(text)


def test_an_unknown_language_has_no_voice() -> None:
    assert espeak_voice(library(), "tlh") is None
    assert espeak_voice(library(), "pt-BR") is not None
