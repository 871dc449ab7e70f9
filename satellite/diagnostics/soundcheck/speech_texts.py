"""Texts in which no wake word is said, to be read aloud to a wake engine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from satellite.errors import UsageError
from satellite.lib.text_files import decode
from satellite.text.reason_of import reason_of

LARGEST = 1_000_000
"""Bytes of a text that is read aloud."""


def dialogue() -> tuple[str, ...]:
    """Return lines as in films, news, sport, advertisements and kitchens; many begin like the wake
    words."""
    return _lines("dialogue.txt")


def book() -> tuple[str, ...]:
    """Return sentences of Lewis Carroll's "Alice's Adventures in Wonderland" (1865, in the public
    domain), some 7000 words."""
    return _lines("alice.txt")


def read_sentences(path: Path) -> Sequence[str]:
    """Return the sentences of a file, which has one in each line. Raises `UsageError`."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path}: {reason_of(error)}") from error
    if len(content) > LARGEST:
        raise UsageError(f"{path} is larger than {LARGEST // 1000} kB: use a shorter text")
    try:
        lines = decode(content).splitlines()
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no text in UTF-8: save it as such") from None
    if not (found := [line.strip() for line in lines if any(map(str.isalnum, line))]):
        raise UsageError(f"{path} has no text: write a sentence a line")
    return found


@cache
def _lines(name: str) -> tuple[str, ...]:
    return tuple(Path(__file__).with_name(name).read_text("utf-8").splitlines())
