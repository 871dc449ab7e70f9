"""Phonemes of the International Phonetic Alphabet, for voices that read them instead of text."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from satellite.errors import ModelMissing
from servers.espeak.library import EspeakLibrary

_WIDE = {ord(wide): f"{sign} " for wide, sign in zip("。，、；：？！．", ".,,;:?!.", strict=True)}
"""Full-width punctuation by the signs that voices know. No space follows it in a text."""
_CLAUSE = re.compile(r"([^.,;:?!…]|[.,;:?!…](?=[\w.]))*([.,;:?!…]*)")
"""A clause and the punctuation after it. A sign inside a word or a number ends none."""
_ENDS = re.compile(r"[.?!…]\Z")
_SWITCH = re.compile(r"\([^)]*\)")
"""A change of language within a clause, which eSpeak writes as `(en)`."""


@cache
def espeak_voice(library: EspeakLibrary, language: str) -> str | None:
    """Return the library's identifier of the voice for a language or a voice's name; None for one
    that it cannot read."""
    try:
        return library.voices.find(language)
    except ModelMissing:
        return None


def phonemize(library: EspeakLibrary, text: str, voice: str) -> list[str]:
    """Return the phonemes of each sentence, with its punctuation.

    Letters and their accents are characters of their own, as Piper's, Kokoro's and Kitten's voices
    were trained with. A text without sounds has no sentences. `voice` is a result of
    `espeak_voice`. Raises `EngineFailed`.
    """
    sentences: list[str] = []
    current = ""
    for match in _CLAUSE.finditer(text.translate(_WIDE)):
        words, marks = match.group(0).removesuffix(match.group(2)), match.group(2)
        sounds = _SWITCH.sub("", library.ipa(words + marks[:1], voice)) if words.strip() else ""
        if sounds:
            current = f"{current} {sounds}" if current else sounds
        if marks and current and not current.endswith((".", ",", ";", ":", "?", "!")):
            current += "." if marks[0] == "…" else marks[0]
        if _ENDS.search(marks) and current:
            sentences.append(current)
            current = ""
    if current:
        sentences.append(current)
    return [unicodedata.normalize("NFD", sentence) for sentence in sentences]
