"""Texts of others, made harmless where they leave the program: terminal, log, JSON, page.

A terminal obeys escape sequences, and direction marks and line breaks forge what is beside them.
The renderer cleans, not the source: a source that is forgotten is then cleaned as well.
"""

from __future__ import annotations

import re

_JOINERS = "\u200c\u200d"
"""Parts of words in several scripts, and of emoji."""

_SPACES = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
"""Spaces that Python does not count as printable."""


def printable(text: str, longest: int = 0) -> str:
    """Return a text as one line, with what a terminal would not print as escapes: `\\x1b`, `\\n`.

    More than `longest` characters are cut, unless that is 0.
    """
    if not text.isprintable():
        text = "".join(map(_escaped, _SPACES.sub(" ", text)))
    return f"{text[: longest - 1]}…" if longest and len(text) > longest else text


def printable_lines(text: str, longest: int = 0, most: int = 0, indent: str = "") -> str:
    """Return a text of several lines, each as `printable` has it.

    `indent` goes before all lines but the first, so that none can be taken for another entry. More
    than `most` lines lose their middle, unless that is 0.
    """
    first, *more = (printable(line, longest) for line in text.split("\n"))
    if most and len(more) > most:
        half = most // 2
        left_out = f"[{len(more) - 2 * half} lines]"
        more = [*more[:half], left_out, *more[-half:]]
    return "\n".join([first, *(f"{indent}{line}" for line in more)])


def printable_json(encoded: bytes) -> bytes:
    """Return JSON in UTF-8 with what a terminal would not print as escapes of JSON.

    Line breaks remain: those between values, as those of texts are escaped already.
    """
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    return "".join(map(_json_escaped, encoded.decode("utf-8", "replace"))).encode()


def _escaped(char: str) -> str:
    if char.isprintable() or char in _JOINERS:
        return char
    return char.encode("unicode_escape").decode()


def _json_escaped(char: str) -> str:
    if char.isprintable() or char in "\n\t" or char in _JOINERS:
        return char
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
