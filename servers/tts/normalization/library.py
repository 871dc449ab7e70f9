"""A library that normalizes what a table leaves, in languages for which it is right."""

from __future__ import annotations

import importlib.util
from typing import Protocol


class Library(Protocol):
    """Normalizes a text whose dates, amounts and numbers of telephones are in words already."""

    def normalize(self, text: str) -> str:
        """Return the text with the remaining numbers and signs in words."""


def library(language: str) -> Library | None:
    """Return the library for a language; None where it is not installed, or without a language."""
    if not language or importlib.util.find_spec("wetext") is None:
        return None
    return _WeText(language)


class _WeText:
    """WeNet's grammars for Chinese and Japanese, loaded with the first text."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._normalizer: Library | None = None

    def normalize(self, text: str) -> str:
        if not any(map(str.isdigit, text)):
            return text
        if self._normalizer is None:
            from wetext import Normalizer  # 0.25 s and 43 MB

            self._normalizer = Normalizer(lang=self._language, operator="tn")
        return str(self._normalizer.normalize(text))
