"""Each language says numbers, dates, units and abbreviations as its people do.

The texts are in `spoken/`, a file for each language: what is written, and what is said.
"""

from __future__ import annotations

import ctypes
import functools
import json
from collections.abc import Callable
from pathlib import Path

import espeakng_loader
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.tts.normalization.normalizer import normalize
from servers.tts.normalization.scripts import strip_unreadable

FOLDER = Path(__file__).parent / "spoken"
SHARED = Path(__file__).parents[4].parent / "shared/speech/languages/spoken.json"
LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.txt"))
VOICES = {"zh": "cmn", "zh-TW": "cmn"}
"""Voices of eSpeak NG whose name is not the language's code."""
UNREADABLE = {"ja"}
"""Languages that eSpeak NG cannot read."""
EACH = 40

TEXTS = st.lists(
    st.sampled_from(
        [
            *("3. Mai", "03.05.2026", "15:30", "15 h 30", "7:05 Uhr", "21,5 °C", "-3", "12,50 €"),
            *("km/h", "1.234,56", "1 234", "kWh", "№ 5", "3-й", "XXI", "2e", "1º", "3ª", "第2"),
            *("¥12.50", "+49 30 123", "06 12 34 56 78", "z. B.", "г.", "½", "3/4", "5-10", "年"),
            *("%", "点", "мая", "maja", "mai", "maggio", " ", ", ", ". ", "a", "元", "2026"),
        ]
    ),
    max_size=10,
).map("".join)


def pairs(language: str) -> list[tuple[str, str]]:
    lines = (FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    return [(text, said) for text, _, said in (line.partition(" => ") for line in lines)]


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [(language, *pair) for language in LANGUAGES for pair in pairs(language)],
)
def test_texts_are_said_as_people_say_them(language: str, text: str, said: str) -> None:
    assert normalize(text, language) == said
    assert normalize(said, language) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_enough_texts_are_tried(language: str) -> None:
    assert len(set(pairs(language))) >= EACH


@pytest.mark.skipif(not SHARED.is_file(), reason="needs the texts beside the repository")
def test_the_reviewed_texts() -> None:
    for language, text, said in json.loads(SHARED.read_text(encoding="utf-8")):
        assert normalize(text, language) == said


@given(TEXTS, st.sampled_from(LANGUAGES))
def test_normalizing_never_fails_and_ends(text: str, language: str) -> None:
    once = normalize(text, language)
    assert strip_unreadable(once, language.partition("-")[0]) == once


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each not in UNREADABLE])
def test_the_voice_changes_to_no_other_language_and_names_no_letters(language: str) -> None:
    phonemes = _phonemes()
    for text, _ in pairs(language):
        found = phonemes(VOICES.get(language, language.lower()), normalize(text, language))
        assert "(" not in found, f"{text}: {found}"


@functools.cache
def _phonemes() -> Callable[[str, str], str]:
    """Return a function from a voice and a text to eSpeak NG's phonemes, `(en)` before English."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    library.espeak_Initialize(2, 0, espeakng_loader.get_data_path().encode(), 0)
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = [
        ctypes.POINTER(ctypes.c_char_p),
        ctypes.c_int,
        ctypes.c_int,
    ]

    def phonemes(voice: str, text: str) -> str:
        assert library.espeak_SetVoiceByName(voice.encode()) == 0
        rest, found = ctypes.c_char_p(text.encode()), []
        while rest.value:
            found.append(library.espeak_TextToPhonemes(ctypes.byref(rest), 1, 2).decode())
        return " ".join(found)

    return phonemes
