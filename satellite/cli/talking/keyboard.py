"""Keys of the terminal as they are pressed, and the line that is being typed."""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import select
import sys
import termios
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from enum import Enum

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


@contextmanager
def keys_at_once() -> Generator[None, None, None]:
    """Deliver every key of the terminal at once, without showing it; Ctrl-C is a key, too."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    now = termios.tcgetattr(descriptor)
    now[3] &= ~(termios.ICANON | termios.ECHO)
    now[6] = [*now[6]]
    now[6][termios.VINTR] = b"\0"  # no character interrupts: _POSIX_VDISABLE
    now[6][termios.VMIN], now[6][termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSADRAIN, now)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


async def chunks() -> AsyncGenerator[str, None]:
    """Yield what is typed, or written into a pipe, as it comes."""
    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    came = asyncio.Event()
    try:
        loop.add_reader(descriptor, came.set)
    except PermissionError:  # a file is always readable, which epoll refuses to watch
        came = _Always()
    try:
        while True:
            await came.wait()  # without a limit: people think
            came.clear()
            # the loop may have noticed a second time what was read since: a read would block
            if not select.select([descriptor], [], [], 0)[0]:
                continue
            piece = os.read(descriptor, _READ)
            if text := decoder.decode(piece, final=not piece):
                yield text
            if not piece:
                return
    finally:
        loop.remove_reader(descriptor)


class _Always(asyncio.Event):
    """An event that is always set."""

    async def wait(self) -> bool:  # type: ignore[override]
        await asyncio.sleep(0)
        return True


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
