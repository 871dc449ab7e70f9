"""Where a language's sentences end: what its marks leave open."""

from __future__ import annotations

import msgspec

CHARACTERS_PER_SECOND = 13.0
"""Characters of a second of speech in an alphabet: measured with eSpeak NG in English."""


class Ordinals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What makes a number with a full stop an ordinal number, in a language that writes them so."""

    followed_by: tuple[str, ...] = ()
    """Capitalized words, such as names of months."""
    preceded_by: tuple[str, ...] = ()
    """Articles and prepositions, unless one of `sentences_begin` follows the number."""


class TextRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The part `text` of a language pack. The marks of all scripts are known without it."""

    characters_per_second: float = CHARACTERS_PER_SECOND
    """How fast the language is read."""
    sentence_ends: str = ""
    """Marks that always end a sentence, besides those of Unicode."""
    commas: str = ""
    """Marks behind which a reader pauses, besides those of Unicode."""
    closing: str = ""
    """Closing quotes and brackets, besides those of Unicode."""
    question_endings: tuple[str, ...] = ()
    """Ends of a question without a question mark."""
    abbreviations: tuple[str, ...] = ()
    """Abbreviations after which a sentence goes on, though a capital letter may follow."""
    abbreviated_units: tuple[str, ...] = ()
    """Those that end a sentence behind a number: `5 г.`; with `sentences_begin`, before one of
    these words only: `3 Mio. Euro`."""
    final_abbreviations: tuple[str, ...] = ()
    """Abbreviations that end a sentence before a capital letter, though they look like initials."""
    sentences_begin: tuple[str, ...] = ()
    """Frequent first words of sentences, in a language whose nouns have capitals."""
    ordinals: Ordinals | None = None
    """None where a full stop behind a number ends the sentence, unless a small letter follows."""
    quotes_continue: tuple[str, ...] = ()
    """What follows the quote of a whole sentence within another one: 「はい。」と"""
    quotes_attributed: tuple[str, ...] = ()
    """What follows such a quote at the beginning of a sentence: “好。”他说"""
