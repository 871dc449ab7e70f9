"""Phrases that Whisper hallucinates from silence: the subtitles it was trained on end with them.

The phrases are in the language packs. Whisper writes those of any language, whatever it was asked
for. Only whole, doubtful utterances are compared, because people do say "thank you".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache

from satellite.languages import hearing

_SENTENCE_END = re.compile(r"[.!?。！？｡]+")
_SIGNS = re.compile(r"[\W_]+")
_DIGITS = re.compile(r"\d+")

LEAST_OF_PROMPT = 0.5
"""Part of a prompt's letters from which a text repeats it: Whisper may write a part of it, and
other words around it."""


def is_hallucination(text: str) -> bool:
    """Return whether a text consists of phrases that recognizers write where nothing was said.

    Ignores case, spaces, punctuation, accents, and which number or year a phrase ends with.
    """
    return _consists_of(text, _all())


def is_never_said(text: str) -> bool:
    """Return whether a text consists of such phrases that people do not say to a satellite."""
    return _consists_of(text, _never_said())


def repeats_prompt(text: str, prompt: str) -> bool:
    """Return whether a text has most of the prompt in one piece, which was not spoken."""
    letters, whole = _letters(text), _letters(prompt)
    same = SequenceMatcher(None, letters, whole, autojunk=False).find_longest_match()
    return bool(whole) and same.size >= LEAST_OF_PROMPT * len(whole)


def _consists_of(text: str, phrases: frozenset[str]) -> bool:
    if _letters(text) in phrases:
        return True
    parts = [letters for part in _SENTENCE_END.split(text) if (letters := _letters(part))]
    return bool(parts) and all(part in phrases for part in parts)


@cache
def _all() -> frozenset[str]:
    return _never_said() | _compared(hearing.phantoms().also_said)


@cache
def _never_said() -> frozenset[str]:
    return _compared(hearing.phantoms().never_said)


def _compared(phrases: Iterable[str]) -> frozenset[str]:
    return frozenset(letters for phrase in phrases if (letters := _letters(phrase)))


def _letters(text: str) -> str:
    """Return the letters of a text as they are compared, each number as 0."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return _DIGITS.sub("0", _SIGNS.sub("", plain))
