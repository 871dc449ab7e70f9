"""The punctuation marks of all scripts, as Unicode has them."""

from __future__ import annotations

import unicodedata

STOPS = ".!?…།"
"""Marks that end a sentence only before a space; a full stop, not always."""

SENTENCE_ENDS = (
    "。｡．！？‼⁇⁈⁉"  # Chinese, Japanese, and doubled marks
    "।॥᱾᱿"  # India
    "؟؞۔܀܁܂߹"  # Arabic, Urdu, Syriac, N'Ko
    "։"  # Armenian
    "။"  # Burmese
    "።፧፨"  # Amharic
    "។៕"  # Khmer
    "᠃᠉᙮꘎꘏꛳꛷꓿"  # Mongolian, Canadian, Vai, Bamum, Lisu
    "꩝꩞꩟꧈꧉᭚᭛᭞᭟꫰꫱꯫෴"  # Cham, Javanese, Balinese, Meitei, Sinhala
)
"""Marks that end a sentence whatever follows: Unicode's Sentence_Terminal without `STOPS`."""

COMMAS = "，、；：､﹐﹑﹔﹕،؛՝၊፣፤፥፦៖᠂᠈߸"
"""Marks of a pause that need no space behind them."""

QUESTION_MARKS = "?？؟⁇⁈⁉⸮፧;"
"""The last is the Greek one, which most people write as a semicolon."""

QUESTION_INSIDE = "՞"
"""Armenian: within the word that is asked about."""

CLOSING = "\"'”’»›)]}」』】）〉》〕〗〙〛｣］｝＂＇*_"
"""Quotes and brackets, and the marks of Markdown, behind the end of a sentence."""

CLOSING_ELSEWHERE = "“‘«‹"
"""Quotes that open in most languages, and close in German, or where quotes point inwards."""

OPENING_SENTENCE = "¿¡"
"""Marks before a Spanish question or exclamation."""

OPENING = "\"'“”‘’„‚«»‹›([{「『【（〈《〔*_#>-–—•‣◦`" + OPENING_SENTENCE
"""Marks before the first word of a sentence."""

PAIRS = {"「": "」", "『": "』", "“": "”"}
"""Quotes of Chinese and Japanese, around whole sentences within another."""

_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
)
"""Scripts without spaces between words: theirs are between clauses and sentences."""

_LEADING_VOWELS = "เแโใไເແໂໃໄ"
_FOLLOWING_VOWELS = "ะาำๅๆฯະາຳໆຯ"
_STACKERS = "\u1039\u17d2"
"""Signs after which a consonant is written below the last: Burmese, Khmer."""


def is_greek(character: str) -> bool:
    """Return whether a character belongs to the Greek script."""
    return "\u0370" <= character <= "\u03ff" or "\u1f00" <= character <= "\u1fff"


def is_wide(character: str) -> bool:
    """Return whether a character is a Chinese, Japanese or Korean one, of a syllable or more."""
    return unicodedata.east_asian_width(character) in ("W", "F")


def is_unspaced(character: str) -> bool:
    """Return whether a character belongs to a script without spaces between words."""
    code = ord(character)
    return any(first <= code <= last for first, last in _UNSPACED)


def may_divide(text: str, at: int) -> bool:
    """Return whether a text may be divided before the character at `at`: not within a syllable or
    a number."""
    before, after = text[at - 1], text[at]
    if unicodedata.category(after)[0] == "M" or after in _FOLLOWING_VOWELS or after == "\u200d":
        return False
    if before.isascii() and after.isascii() and before.isalnum() and after.isalnum():
        return False
    return before not in _LEADING_VOWELS and before not in _STACKERS and before != "\u200d"
