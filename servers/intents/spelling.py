"""The spelling of requests: text as models and people write it, rewritten as templates have it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from satellite.errors import EngineFailed
from satellite.languages.hearing import script_of
from satellite.options import plain
from satellite.text.quoted import quoted

T = TypeVar("T")


class Rewrite(msgspec.Struct, frozen=True, array_like=True):
    """One rule: what matches `pattern` becomes `replacement`."""

    pattern: str
    replacement: str


class Characters(msgspec.Struct, frozen=True):
    """Characters that are written for others: traditional for simplified Chinese ones."""

    written: str = msgspec.field(default="", name="from")
    meant: str = msgspec.field(default="", name="to")
    """As many as `written`. Blanks, as folded YAML has them, do not count."""
    script: str = ""
    """A language: the characters of its pack's `script.yaml` come first."""

    def table(self) -> dict[int, int]:
        """Return the table for `str.translate`. Raises `EngineFailed` for unequal numbers."""
        written, meant = ("".join(text.split()) for text in (self.written, self.meant))
        if len(written) != len(meant):
            raise EngineFailed(
                f"sentences: characters: {len(written)} characters cannot become {len(meant)}"
            )
        return {**script_of(self.script), **str.maketrans(written, meant)}


class Numerals(msgspec.Struct, frozen=True):
    """Numbers in words that are characters, as a language's file names them under `numerals`."""

    digits: dict[str, int] = {}
    """By character, its value from 0 to 9."""
    units: dict[str, int] = {}
    """By character, the power of ten that it stands for: 十, 百, 千, 万."""
    above: int = 999
    """Numbers up to this one stay in words, which the lists of templates have."""
    short: bool = False
    """Whether the unit of the last digit may be left out: 三千八 for 3800."""

    def pattern(self) -> re.Pattern[str] | None:
        """Return what matches a number with a unit in it; None without numerals."""
        if not self.digits or not self.units:
            return None
        digits, units = ("".join(map(re.escape, chars)) for chars in (self.digits, self.units))
        return re.compile(f"[{digits}{units}]*[{digits}][{units}][{digits}{units}]*")

    def in_figures(self, words: str) -> str:
        """Return a number in figures, or as it is if it is no number or not above the limit."""
        highest = max(self.units.values())
        total = part = 0  # of the whole number, and of what stands before the highest unit
        digit: int | None = None
        last = highest * 10
        zero = False
        for character in words:
            if (unit := self.units.get(character)) is None:
                if digit is not None:
                    return words
                value = self.digits[character]
                zero, digit = (True, None) if not value else (zero, value)
            elif unit == highest:
                total, part, digit = (part + (digit or 0)) * unit, 0, None
                last, zero = unit, False
            elif unit >= last:
                return words
            else:
                part += (1 if digit is None else digit) * unit
                last, digit, zero = unit, None, False
        if digit is not None:
            part += digit * (last // 10 if self.short and not zero and last > 10 else 1)
        value = total + part
        return str(value) if value > self.above else words


class Spelling:
    """The rules of a language, which its file lists under `spelling`.

    They are applied in their order, ignoring case, to requests and to the names of a home. The
    grammar for speech is not made of them: no word of theirs enlarges it. Before them, single
    characters are replaced, by the section `characters`, and numbers written in figures, by the
    section `numerals`.
    """

    def __init__(
        self,
        rewrites: Sequence[Rewrite] = (),
        characters: Characters | None = None,
        numerals: Numerals | None = None,
    ) -> None:
        """Compile the rules. Raises `EngineFailed` for an invalid regular expression."""
        self._characters = characters.table() if characters else {}
        self._numerals = numerals or Numerals()
        self._number = self._numerals.pattern()
        self._rules = []
        for rule in rewrites:
            try:
                pattern = re.compile(rule.pattern, re.IGNORECASE)
                pattern.sub(rule.replacement, "")
            except (re.error, IndexError) as error:
                raise EngineFailed(
                    f"sentences: spelling: {quoted(rule.pattern)}: {error}"
                ) from error
            self._rules.append((pattern, rule.replacement))

    @classmethod
    def make(cls, source: Mapping[str, Any], section: str = "spelling") -> Spelling:
        """Read a section of the content of a language's files. Raises `EngineFailed`."""
        try:
            rules = msgspec.convert(source.get(section) or [], list[Rewrite])
        except msgspec.ValidationError as error:
            raise EngineFailed(f"sentences: {section}: {plain(str(error))}") from error
        if section != "spelling":
            return cls(rules)
        return cls(
            rules, _read(source, "characters", Characters), _read(source, "numerals", Numerals)
        )

    def characters(self, text: str) -> str:
        """Return the text with single characters replaced, each by one."""
        return text.translate(self._characters)

    def apply(self, text: str) -> str:
        """Return the text with every rule applied."""
        text = self.characters(text)
        if self._number is not None:
            text = self._number.sub(lambda found: self._numerals.in_figures(found[0]), text)
        for pattern, replacement in self._rules:
            text = pattern.sub(replacement, text)
        return text


def _read(source: Mapping[str, Any], section: str, kind: type[T]) -> T | None:
    """Read a section, None without it. Raises `EngineFailed`."""
    if (content := source.get(section)) is None:
        return None
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise EngineFailed(f"sentences: {section}: {plain(str(error))}") from error
