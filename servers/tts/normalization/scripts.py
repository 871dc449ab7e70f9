"""Scripts that a voice cannot read: it would name each of their letters instead."""

from __future__ import annotations

import functools
import re
import unicodedata
from importlib import resources
from typing import Any

import msgspec

_READABLE = frozenset(
    [
        "LATIN",
        "MICRO",
        "FEMININE",
        "MASCULINE",
        "MODIFIER",
        "KELVIN",
        "ANGSTROM",
        "OHM",
        "SCRIPT",
        "DOUBLE-STRUCK",
        "PLANCK",
        "COMBINING",
        "SUPERSCRIPT",
        "SUBSCRIPT",
        "MATHEMATICAL",
        "BLACK-LETTER",
    ]
)
"""First words of the Unicode names of letters that a voice of any language reads."""
_WIDTHS = ("FULLWIDTH ", "HALFWIDTH ")
_PLAIN = re.compile(r"[\x00-\u024f\u2000-\u2bff]*")
_EMPTY = re.compile(r"[(（][\s,;:/–—-]*[)）]|([\"'])\s*\1(?!\w)|“\s*”|‘\s*’|«\s*»|「\s*」|『\s*』")
"""Quotes and parentheses without their content."""
_STRAY = re.compile(r"(?<=\S)[^\S\n]+(?=[.,;:!?)])|(?<=\s)[^\S\n]+|(?<=[(])[^\S\n]+")


def strip_unreadable(text: str, language: str) -> str:
    """Remove the letters of scripts that a voice of a language (`en`) cannot read.

    Digits of such a script become those of the Latin one. Idempotent.
    """
    if _PLAIN.fullmatch(text):
        return text
    scripts = _scripts().get(language, frozenset())
    parts = [_readable(character, scripts) for character in text]
    if "".join(parts) == text:
        return text
    opening = parts[0] != text[0]
    text, before = "".join(parts), ""
    while text != before:
        before, text = text, _STRAY.sub("", _EMPTY.sub("", text))
    return text.lstrip(" .,;:!?") if opening else text


def _readable(character: str, scripts: frozenset[str]) -> str:
    """Return a character, its replacement, or a space if the voice cannot read it."""
    category = unicodedata.category(character)
    if character < "\u0250" or category[0] not in "LMN":
        return character
    name = unicodedata.name(character, "")
    for width in _WIDTHS:
        name = name.removeprefix(width)
    script = name.partition(" ")[0]
    if script in scripts or script in _READABLE:
        return character
    if category[0] == "N":
        return str(unicodedata.decimal(character)) if category == "Nd" else character
    return "" if category[0] == "M" else " "


@functools.cache
def _scripts() -> dict[str, frozenset[str]]:
    import yaml

    file = resources.files("servers.tts.normalization") / "scripts.yaml"
    content: Any = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return msgspec.convert(content, dict[str, frozenset[str]])
