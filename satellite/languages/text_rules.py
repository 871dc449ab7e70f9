"""The part `text` of language packs: where sentences end."""

from __future__ import annotations

from functools import cache

from satellite.languages.pack import ENGLISH, find
from satellite.text.rules import TextRules

_PART = "text"


@cache
def text_rules(language: str | None = None) -> TextRules:
    """Return the rules of a language such as `pt-BR`, by default English.

    Without a pack they are those that all languages share. Raises `PluginBroken`.
    """
    found = find(language or ENGLISH)
    return TextRules() if found is None else found.read(_PART, TextRules)
