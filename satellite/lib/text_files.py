"""Text files that people write, with any editor."""

from __future__ import annotations

import codecs
from pathlib import Path

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode(content: bytes) -> str:
    """Return the text of a file's content: UTF-8, or what its byte order mark says.

    Windows' Notepad writes such a mark, and UTF-16 for "Unicode". Raises `UnicodeDecodeError`.
    """
    if content.startswith(_UTF_16):
        return content.decode("utf-16")
    # not the codec utf-8-sig, a module that a process without root's rights may not be able to read
    return content.removeprefix(codecs.BOM_UTF8).decode()


def read_text(path: Path) -> str:
    """Return the text of a file. Raises `OSError`, `UnicodeDecodeError`."""
    return decode(path.read_bytes())
