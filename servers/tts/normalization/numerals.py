"""Numbers in the numerals of Chinese and Japanese, which have a word for each power of ten."""

from __future__ import annotations

import msgspec


class Numerals(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The numerals of a language that counts in ten thousands."""

    digits: str
    """Those of 0 to 9."""
    places: tuple[str, str, str]
    """Ten, a hundred, a thousand."""
    groups: tuple[str, ...]
    """The powers of ten thousand."""
    point: str
    minus: str
    one_before_places: bool = True
    """Whether 100 is "one hundred"; 10 at the start of a number is "ten" in any case."""
    zero_within: bool = True
    """Whether a zero stands for places that are left out: 105."""
    two_first: str = ""
    """The numeral of a leading two before a thousand or more, where it is another one."""

    def cardinal(self, number: str) -> str:
        """Return a number, written with a decimal point and without other separators, in words."""
        sign = self.minus if number.startswith(("-", "−")) else ""
        whole, _, fraction = number.lstrip("-−+").partition(".")
        if len(whole) > 4 * (len(self.groups) + 1) or (len(whole) > 1 and whole[0] == "0"):
            words = self.figures(whole)
        else:
            words = self._whole(int(whole or "0"))
        return sign + words + (self.point + self.figures(fraction) if fraction else "")

    def figures(self, digits: str) -> str:
        """Return digits, each in its numeral."""
        return "".join(self.digits[int(digit)] for digit in digits)

    def _whole(self, value: int) -> str:
        if value == 0:
            return self.digits[0]
        words, group, gap = "", 0, False
        while value:
            value, part = divmod(value, 10_000)
            if part:
                name = self.groups[group - 1] if group else ""
                zero = self.digits[0] if gap and words and self.zero_within else ""
                words = self._part(part, first=not value, group=group) + name + zero + words
                gap = part < 1000
            else:
                gap = bool(words)
            group += 1
        return words

    def _part(self, value: int, first: bool, group: int) -> str:
        """Return 1 to 9999; `first` says that no higher group precedes it."""
        words, skipped = "", False
        for place in (3, 2, 1, 0):
            digit = value // 10**place % 10
            if digit == 0:
                skipped = skipped or bool(words)
                continue
            if skipped and self.zero_within:
                words += self.digits[0]
            leading = first and not words
            skipped = False
            words += self._digit(digit, place, leading, group)
        return words

    def _digit(self, digit: int, place: int, leading: bool, group: int) -> str:
        name = self.places[place - 1] if place else ""
        if digit == 1 and place and (not self.one_before_places or (leading and place == 1)):
            return name
        if digit == 2 and leading and self.two_first and (place == 3 or (place == 0 and group)):
            return self.two_first + name
        return self.digits[digit] + name
