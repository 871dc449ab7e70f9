"""Keys of the terminal as they are pressed, and the line that is being typed."""

from __future__ import annotations

import codecs
import re
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from enum import Enum

from satellite.lib.platform.terminal import input_pieces

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z~]|O.|.)?")
"""Sequences of arrows and function keys, which do nothing here."""

_READ = 4096
"""Bytes read at once: a paste arrives in pieces of this size."""

LONGEST = 8000
"""Characters of a line: half of a conversation."""


class Key(Enum):
    """A key that is no character."""

    ENTER = "enter"
    BACKSPACE = "backspace"
    DELETE_LINE = "delete line"
    INTERRUPT = "interrupt"
    END = "end"


_KEYS = {
    "\r": Key.ENTER,
    "\n": Key.ENTER,
    "\x7f": Key.BACKSPACE,
    "\b": Key.BACKSPACE,
    "\x15": Key.DELETE_LINE,
    "\x03": Key.INTERRUPT,
    "\x04": Key.END,
}


async def chunks() -> AsyncGenerator[str, None]:
    """Yield what is typed, or written into a pipe, as it comes."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    async with aclosing(input_pieces(_READ)) as pieces:
        async for piece in pieces:
            if text := decoder.decode(piece, final=not piece):
                yield text


def keys(text: str) -> Generator[Key | str, None, None]:
    """Split typed text into keys and characters.

    Line ends within a text that comes at once, as a paste does, become spaces.
    """
    text = _ESCAPES.sub("", text)
    body = text.rstrip("\r\n")
    if len(body) > 1 and ("\n" in body or "\r" in body):
        text = re.sub(r"[\r\n]+", " ", body) + text[len(body) :][:1]
    for character in text:
        if character in _KEYS:
            yield _KEYS[character]
        elif character.isprintable():
            yield character


class Line:
    """The line that is being typed."""

    def __init__(self) -> None:
        self.text = ""

    def take(self, key: Key | str) -> None:
        """Change the line as a key does."""
        if key is Key.BACKSPACE:
            self.text = self.text[:-1]
        elif key is Key.DELETE_LINE:
            self.text = ""
        elif isinstance(key, str) and len(self.text) < LONGEST:
            self.text += key

    def finish(self) -> str:
        """Return the line, and begin another one."""
        text, self.text = self.text.strip(), ""
        return text
