"""Scripts that are written without spaces between words, such as Chinese, Japanese and Thai.

Where other text is compared and joined by words, theirs is by characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WITHOUT_SPACES = (
    "\u0e00-\u109f"  # Thai, Lao, Tibetan, Burmese
    "\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf"  # Khmer, Tai Le, New Tai Lue, Tai Tham
    "\u2e80-\ua4cf"  # Chinese characters, kana, their punctuation, Yi
    "\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"  # compatibility and wide forms
    "\U00020000-\U0003ffff"  # rare Chinese characters
)
"""As a range of a regular expression. Korean has spaces."""

_CHARACTER = re.compile(f"[{_WITHOUT_SPACES}]")
_UNIT = re.compile(
    # a character with the vowels and tones that belong to it, or a word of another script
    rf"(?=[{_WITHOUT_SPACES}])\w(?:(?=[{_WITHOUT_SPACES}])[^\w\s\u3000-\u303f\uff00-\uff65])*"
    rf"|(?:(?![{_WITHOUT_SPACES}])\w)+"
)
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
"""By a katakana, the hiragana of the same sound; Unicode has them in the same order."""


def is_spaceless(character: str) -> bool:
    """Return whether a character's script is written without spaces."""
    return _CHARACTER.match(character) is not None


def is_han(unit: str) -> bool:
    """Return whether a unit is a Chinese character, which stands for a syllable or more."""
    return _HAN.match(unit) is not None


def units(text: str) -> list[str]:
    """Return the words of a text, and each character of a script without spaces, no punctuation."""
    return _UNIT.findall(text.casefold())


def same_kana(text: str) -> str:
    """Return a text with all katakana as hiragana, to compare its sound."""
    return text.translate(_HIRAGANA)


def joined(texts: Iterable[str]) -> str:
    """Return texts one after the other, with a space in between where the script has spaces."""
    whole = ""
    for text in texts:
        if whole and text and not (is_spaceless(whole[-1]) or is_spaceless(text[0])):
            whole += " "
        whole += text
    return whole
