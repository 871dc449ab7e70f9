"""Dates in figures, and years."""

from __future__ import annotations

import re
from datetime import date

from satellite.text.fill import fill
from servers.tts.normalization.language_table import Table, any_of, apply, rules

_ISO = re.compile(
    r"(?<![\w.-])(\d{4})(?:-(\d\d)-|/(\d\d)/)(\d\d)(?:(?P<time>T)(?=\d\d:)|(?![\w-]))"
)
_SLASHED = re.compile(r"(?<![\w./-])(\d{1,2})([/-])(\d{1,2})\2(\d{4})(?![\w/-])")
_DOTTED = re.compile(r"(?<![\w.,/])([0-3]?\d)\. ?([01]?\d)\. ?((?:1[5-9]|20)\d\d)(?![\w/]|[.,]\d)")
"""24.12.2024: where dates are written with full stops, the day is first."""


class Dates:
    """Writes dates in the words of one language and region."""

    def __init__(self, table: Table, region: str) -> None:
        self._table = table
        self._month_first = region.lower() in table.month_first
        self._year_rules = rules((f"^{p}$", words) for p, words in table.years.patterns)
        after = any_of(table.years.after)
        self._year = re.compile(
            rf"(?<![\w.,-])(?P<before>(?:{after})\s+)(?P<year>(?:1[1-9]|20)\d\d)(?![\w%°€$£]|[.,:/-]\d)",
            re.IGNORECASE,
        )
        months, suffixes = any_of(table.months), any_of(table.ordinals.values())
        short = any_of(table.short_months)
        number = rf"(?=\d{{1,4}}(?:{suffixes})?\b)"
        self._short_month = re.compile(
            rf"\b(?:(?P<before>{short})\b\.? {number}"
            rf"|(?<=\d )(?P<after>{short})\b(?:\.(?= ?[\da-z,]))?)"
        )
        self._days = {**table.short_days, **{day: day for day in table.days}}
        day = any_of(self._days)
        self._day_range = re.compile(rf"\b(?P<first>{day})\b\.? ?[-–—] ?(?P<last>{day})\b")
        self._short_day = re.compile(
            rf"\b(?P<day>{any_of(table.short_days)})\b\.?(?=,? (?:\d|(?:{months})\b))"
        )
        self._day_month = re.compile(
            rf"(?<![\w.,/:$€£-])(?P<day>\d{{1,2}})(?:{suffixes})? (?P<month>{months})\b"
            rf"(?:,? (?P<year>(?:1[1-9]|20)\d\d)(?![\w%°]|[.,:]\d))?"
        )
        self._month_day = re.compile(
            rf"\b(?P<month>{months}) (?P<day>\d{{1,2}})(?:{suffixes})?"
            rf"(?!\w|[.,:]\d|[%°]| ?(?:{any_of(table.units)})(?!\w)| \d| ?[-–—] ?\d)"
            rf"(?:,? (?P<year>\d{{4}})(?![\w%°]|[.,:]\d))?"
        )
        self._month_year = re.compile(rf"\b(?P<month>{months}),? (?P<year>\d{{4}})(?!\w|[.,:]\d)")

    def normalize(self, text: str) -> str:
        """Return a text with every date in words. Invalid dates stay unchanged."""
        if not self._table.months:
            return text
        text = _ISO.sub(lambda m: self._day(m[0], int(m[1]), int(m[2] or m[3]), int(m[4])), text)
        text = _SLASHED.sub(self._slashed, text)
        text = _DOTTED.sub(lambda m: self._day(m[0], int(m[3]), int(m[2]), int(m[1])), text)
        if self._table.short_months:
            text = self._short_month.sub(self._in_full, text)
        if self._days:
            text = self._day_range.sub(self._days_between, text)
            text = self._short_day.sub(lambda m: self._days[m["day"]], text)
        text = self._day_month.sub(self._day_first, text)
        text = self._month_day.sub(self._written, text)
        text = self._month_year.sub(lambda m: f"{m['month']} {self.year(m['year'])}", text)
        if self._table.years.after:
            text = self._year.sub(lambda m: m["before"] + self.year(m["year"]), text)
        return text

    def year(self, figures: str) -> str:
        """Return the number of a year in words."""
        for rule in self._year_rules:
            if rule[0].match(figures):
                return apply([rule], figures)
        return figures

    def ordinal(self, number: int) -> str:
        """Return an ordinal number in figures: 3rd."""
        ordinals = self._table.ordinals
        return f"{number}{ordinals.get(str(number), ordinals.get('other', ''))}"

    def _slashed(self, match: re.Match[str]) -> str:
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        month, day = (first, second) if self._month_first else (second, first)
        if month > 12:  # not a month: the order must be reversed
            month, day = day, month
        return self._day(match[0], year, month, day)

    def _day(self, written: str, year: int, month: int, day: int) -> str:
        try:
            date(year, month, day)
        except ValueError:
            return written
        words = fill(
            self._table.date,
            month=self._table.months[month - 1],
            day=self.ordinal(day),
            year=self.year(str(year)),
        )
        return f"{words}, " if written.endswith("T") else words

    def _in_full(self, match: re.Match[str]) -> str:
        short = self._table.short_months
        return f"{short[match['before']]} " if match["before"] else short[match["after"]]

    def _days_between(self, match: re.Match[str]) -> str:
        return f"{self._days[match['first']]} {self._table.range} {self._days[match['last']]}"

    def _day_first(self, match: re.Match[str]) -> str:
        day = int(match["day"])
        if not 1 <= day <= 31:
            return match[0]
        words = fill(self._table.day_month, day=self.ordinal(day), month=match["month"])
        article = words.partition(" ")[0]
        if re.search(rf"\b{re.escape(article)}\s+$", match.string[: match.start()], re.IGNORECASE):
            words = words.removeprefix(f"{article} ")
        return f"{words}, {self.year(match['year'])}" if match["year"] else words

    def _written(self, match: re.Match[str]) -> str:
        day = int(match["day"])
        if not 1 <= day <= 31:
            return match[0]
        words = f"{match['month']} {self.ordinal(day)}"
        return f"{words}, {self.year(match['year'])}" if match["year"] else words
