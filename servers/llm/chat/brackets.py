"""Follows brackets and strings in the tool calls that a model writes.

Apostrophes quote in Python and in JSON that begins with one; brackets in strings do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_OPENING = "[{("
_BEGINNING = re.compile(r"[\[{(]\s*['\"]?")
_TEXT = r'"(?:[^"\\]|\\.)*', r"'(?:[^'\\]|\\.)*"
"""Strings without their closing quotes."""
_JSON_TOKENS = re.compile(rf"[\[\]{{}}()]|{_TEXT[0]}(?:\"|(?P<open>\\?\Z))", re.DOTALL)
_PYTHON_TOKENS = re.compile(
    rf"[\[\]{{}}()]|(?:{_TEXT[0]}\"|{_TEXT[1]}'|(?P<open>(?:{_TEXT[0]}|{_TEXT[1]})\\?\Z))",
    re.DOTALL,
)
"""Brackets and strings; a string may be open at the end."""
_OUTSIDE = re.compile(r"[\[\]{}()\n\"']")
_INSIDE = {'"': re.compile(r'\\.|"', re.DOTALL), "'": re.compile(r"\\.|'", re.DOTALL)}


class BracketScan:
    """Looks for the end of the brackets in a text that grows, reading each character once."""

    def __init__(self, at: int = 0) -> None:
        """`at`: the index before which no bracket is looked for."""
        self._at = at
        self._depth = 0
        self._quote = ""
        self._quotes = ""
        """The quotation marks of the outermost bracket."""
        self.closed = False
        """Whether there were brackets, and all are closed."""
        self.line = 0
        """Index before the newest line of arguments that is no bracket's."""

    def end(self, text: str) -> int | None:
        """Return the index behind the brackets that open first; None if they are open."""
        while (sign := self._next(text)) is not None:
            if sign != "\n" and self.closed:
                return self._at
        return None

    def end_of_line(self, text: str) -> int | None:
        """Return the index of the first line feed behind complete brackets; None without one."""
        while (sign := self._next(text)) is not None:
            if sign == "\n" and self.closed:
                return self._at - 1
        return None

    def _next(self, text: str) -> str | None:
        """Move behind the next bracket or line feed outside strings, and return it."""
        while True:
            if self._quote:
                found = _INSIDE[self._quote].search(text, self._at)
                if found is None:
                    self._at = len(text) - (text[self._at :].endswith("\\"))
                    return None
                self._at = found.end()
                self._quote = "" if found.group() == self._quote else self._quote
                continue
            found = _OUTSIDE.search(text, self._at)
            sign = found.group() if found else ""
            if found is None:
                self._at = len(text)
                return None
            if sign in "\"'":
                self._at = found.end()
                self._quote = sign if sign in self._quotes else ""
                continue
            if sign in _OPENING and not self._depth and not self._begin(text, found.start()):
                return None
            self._at = found.end()
            self._count(sign)
            return sign

    def _begin(self, text: str, at: int) -> bool:
        """Choose the quotation marks of an outermost bracket; return whether they are known."""
        found = _BEGINNING.match(text, at)
        if found is None or (found.end() == len(text) and found.group()[-1] not in "\"'"):
            self._at = at
            return False
        self._quotes = '"' if found.group().endswith('"') else "\"'"
        return True

    def _count(self, sign: str) -> None:
        if sign in _OPENING:
            self._depth, self.closed = self._depth + 1, False
        elif sign != "\n" and self._depth:
            self._depth -= 1
            self.closed = not self._depth
            self._quotes = self._quotes if self._depth else ""


def end_of_brackets(text: str, at: int) -> int | None:
    """Return the index behind the brackets that open first after `at`; None if they are open."""
    return BracketScan(at).end(text)


def bracket_tokens(text: str, at: int = 0) -> Iterator[re.Match[str]]:
    """Return the brackets and strings from the first bracket on; `open` names an open string."""
    first = _BEGINNING.search(text, at)
    if first is None:
        return iter(())
    tokens = _JSON_TOKENS if first.group().endswith('"') else _PYTHON_TOKENS
    return tokens.finditer(text, first.start())
