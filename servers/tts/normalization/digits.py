"""Telephone numbers and codes, which are said figure by figure."""

from __future__ import annotations

import re

from servers.tts.normalization.language_table import Table, any_of

_END = r"(?![\w/–-]|[.,:]\d| ?[%°€$£])"
_INTERNATIONAL = re.compile(
    r"(?<![\w.,+])(?P<plus>\+)(?=(?:\D{0,2}\d){8,15})"
    rf"\d{{1,3}}(?:[ .\-/]?\(?\d{{1,8}}\)?){{2,5}}{_END}"
)
_NATIONAL = re.compile(
    r"(?<![\w.,+/-])(?<!\d )(?P<plus>)(?:"
    r"(?:1[-. ])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}"  # (212) 555-7890, 1-800-555-1234
    r"|\d{3}-\d{4}"  # 555-0123
    r"|0\d{2,4}[ /-]\d{3,4}(?:[ -]?\d{2,4}){0,2}"  # 0171 4567890, 020 7946 0123
    rf"){_END}"
)


class Digits:
    """Separates the figures of telephone numbers and codes."""

    def __init__(self, table: Table) -> None:
        self._plus = table.digits.plus
        between = any_of(table.digits.between)
        self._code = re.compile(
            rf"(?<!\w)(?P<before>(?:{any_of(table.digits.after)})(?:\s?(?:{between}))?\s)"
            rf"(?P<code>\d{{3,8}}){_END}"
        )
        self._usable = bool(table.digits.after)

    def normalize(self, text: str) -> str:
        """Return a text with these figures one by one, and a pause between their groups."""
        if self._plus:
            text = _INTERNATIONAL.sub(self._telephone, text)
            text = _NATIONAL.sub(self._telephone, text)
        if self._usable:
            text = self._code.sub(lambda match: match["before"] + " ".join(match["code"]), text)
        return text

    def _telephone(self, match: re.Match[str]) -> str:
        groups = ", ".join(" ".join(group) for group in re.findall(r"\d+", match[0]))
        return f"{self._plus} {groups}" if match["plus"] else groups
