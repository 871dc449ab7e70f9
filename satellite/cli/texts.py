"""Texts given to a command: its words, or standard input where the one word is `-`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click


def text_of(words: Sequence[str]) -> str:
    """The text that was given. Raises `click.UsageError` when there is nothing in it."""
    text = sys.stdin.read() if tuple(words) == ("-",) else " ".join(words)
    if not text.strip():
        raise click.UsageError("the text is empty")
    return text.strip()
