"""A language's table, as it is written in YAML."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from importlib import resources
from typing import Any

import msgspec


class Years(msgspec.Struct, frozen=True):
    """How the number of a year is said, and after which words four digits are one."""

    after: tuple[str, ...] = ()
    patterns: tuple[tuple[str, str], ...] = ()


class Table(msgspec.Struct, frozen=True):
    """What is written short in a language, and what people say for it."""

    months: tuple[str, ...] = ()
    month_first: tuple[str, ...] = ()
    date: str = "{day} {month} {year}"
    ordinals: dict[str, str] = {}
    years: Years = Years()
    currencies: dict[str, tuple[str, str, str, str]] = {}
    conjunction: str = msgspec.field(default="", name="and")
    scales: tuple[str, ...] = ()
    scale_words: dict[str, str] = {}
    units: dict[str, tuple[str, str]] = {}
    spaced: tuple[str, ...] = ()
    abbreviations: dict[str, str] = {}
    first: tuple[tuple[str, str], ...] = ()
    last: tuple[tuple[str, str], ...] = ()


Rule = tuple[re.Pattern[str], str]


def rules(pairs: Iterable[tuple[str, str]]) -> tuple[Rule, ...]:
    """Patterns ready to be applied, in their order."""
    return tuple((re.compile(pattern), said) for pattern, said in pairs)


def apply(rules: Iterable[Rule], text: str) -> str:
    """Say a text by rules."""
    for pattern, said in rules:
        text = pattern.sub(said, text)
    return text


def any_of(words: Iterable[str]) -> str:
    """A pattern for any of these words, the longest of them that is there."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


@functools.cache
def table(language: str) -> Table | None:
    """The table of a language (`en`), or None where there is none."""
    import yaml

    if not re.fullmatch(r"[a-z]{2,3}", language):
        return None
    file = resources.files("servers.tts.normalization") / f"{language}.yaml"
    if not file.is_file():
        return None
    content: Any = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return msgspec.convert(content, Table)
