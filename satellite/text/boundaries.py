"""Where a text may be divided: behind sentences, and behind the clauses within them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from satellite.text import marks
from satellite.text.rules import TextRules

QUOTE_SECONDS = 6.0
"""Seconds of speech of a quote that stays whole though it has several sentences."""
WIDE_CHARACTERS_PER_SECOND = 4.0
"""Those of Chinese, Japanese and Korean, as far as the rules are another language's."""

_TIME = re.compile(r"\d:\d\d$")
_SHORT_NAME = 4
"""Letters of a capitalized word within a sentence that may be an abbreviation."""

_ITEM = re.compile(r"(?:^|\n|[:;]\s)\s*\(?\d{1,3}[.)]$")
"""The number of a list's item: the item follows."""
_ITEM_FIRST = re.compile(r"\s*\(?\d{1,3}[.)]\s")
_LIST_NUMBER = re.compile(r"\d{1,3}[.)]{1,2}\s")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LAST_WORD = re.compile(r"[^\W\d_]+$")
_SUBSTANCE = re.compile(r"[^\W\d_]{3}.*\d")
"""A word before a number, so that both may be a sentence."""
_ELIDED = re.compile(r"['’][a-z] [^\W\d_]")
"""The Dutch begin of a sentence 's Avonds."""
_NUMBER = re.compile(r"(?<![\w.,])\d{1,4}$")
_WORD_BEFORE_NUMBER = re.compile(r"([^\W\d_]+)\s+\d{1,4}$")
_VOWELS = frozenset("aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýœąęıаеёиоуыэюяіїєαεηιουωάέήίόύώ")
_DOLLAR = re.compile(r"\$(?![\d\s])")
"""A dollar that begins or ends a formula, `$x = 5, y = 3$`, and no amount of money."""

_APOSTROPHE = re.compile(r"(?<=[^\W\d_])['’](?=[^\W\d_])")
_UNCLEAR = frozenset(marks.OPENING + marks.CLOSING + "$/@~|\\") - frozenset("-–—")
"""What may be open, or part of an address, at the end of an unfinished text."""
_LAST = re.compile(r"(?:^|\s)(?:[^\W\d_]+[-'’])*([^\W\d_]+)$")
"""The last word of a text, with no other mark in it."""

_UNDECIDED = -1
"""The end of a sentence depends on text that is not there yet."""


class Boundaries:
    """Finds the boundaries of one language's sentences and clauses."""

    def __init__(self, rules: TextRules) -> None:
        self._rules = rules
        self._ends = marks.SENTENCE_ENDS + rules.sentence_ends
        closing = re.escape(marks.CLOSING + rules.closing)
        everywhere = re.escape(marks.CLOSING_ELSEWHERE)
        stops, ends = re.escape(marks.STOPS + self._ends), re.escape(self._ends)
        self._mark = re.compile(
            rf"(?P<stop>[{stops}]+|(?<=[\u0370-\u03ff\u1f00-\u1fff]);)"
            rf"(?P<closing>(?:[{closing}]|(?<![{ends}])[{everywhere}])*(?:[\s\u00a0]»(?=\s|$))?)"
            r"|(?P<blank>\r?\n(?:[^\S\n]*\r?\n)+)"
        )
        commas = re.escape(marks.COMMAS + rules.commas)
        self._clause = re.compile(
            rf"[,;:][{closing}]*\s+|[{commas}]+[{closing}]*\s*|——|\s[-–—]+\s|(?<=[\u2e80-\ua4cf]),"
        )
        words = {*rules.abbreviations, *rules.abbreviated_units}
        words |= {word[0].upper() + word[1:] for word in words}
        self._abbreviation = _at_the_end(words)
        self._final = _at_the_end(rules.final_abbreviations)
        self._unit = _at_the_end(rules.abbreviated_units, r"\d[\s\u00a0]?")

    def characters(self, seconds: float, text: str = "") -> int:
        """Return the characters of a text like this one that are read in some seconds."""
        speed = self._rules.characters_per_second
        if speed > WIDE_CHARACTERS_PER_SECOND and sum(map(marks.is_wide, text)) * 2 > len(text):
            speed = WIDE_CHARACTERS_PER_SECOND
        return round(seconds * speed)

    def sentence(self, text: str, start: int = 0, *, final: bool) -> int | None:
        """Return the position behind the first sentence from `start`; None if it is unfinished.

        `final` means that no further text follows; the position is then never None for a mark at
        the end of the text.
        """
        for match in self._mark.finditer(text, start):
            if match["blank"] is not None:
                if text[start : match.start()].strip():
                    return match.end()
                continue
            end = self._end(text, start, match, final)
            if end == _UNDECIDED:
                return None
            if end:
                return end
        return None

    def ends_already(self, text: str) -> bool:
        """Return whether an unfinished text is a sentence, or a clause, whatever may follow.

        Unlike `sentence`, this does not wait for the next word, and errs on the side of waiting: no
        quote or bracket may be open, and the last word is neither an abbreviation nor one that
        looks like it.
        """
        text = text.rstrip()
        if not text or not _UNCLEAR.isdisjoint(_APOSTROPHE.sub("", text)):
            return False
        before, mark = text[:-1].rstrip(".!?"), text[-1]
        if mark in self._ends or (mark == "." and _TIME.search(before)):
            return True
        last = _LAST.search(before)
        if last is None or mark not in ".!?,;":
            return False
        if mark != ".":
            return True
        return not text.endswith("..") and self._is_no_abbreviation(text, last[1])

    def clauses(self, text: str, start: int, stop: int) -> Iterable[int]:
        """Yield the positions behind the clauses that end within a range, in order."""
        for match in self._clause.finditer(text, start, stop):
            if len(_DOLLAR.findall(text, start, match.end())) % 2 == 0:
                yield match.end()

    def spaces(self, text: str, start: int, stop: int) -> Iterable[int]:
        """Yield the positions behind the spaces between clauses of a script that has no others."""
        for at in range(start + 1, min(stop, len(text) - 1)):
            if (
                text[at] == " "
                and marks.is_unspaced(text[at - 1])
                and marks.is_unspaced(text[at + 1])
            ):
                yield at + 1

    def last_resort(self, text: str, start: int, stop: int) -> int:
        """Return where to divide a text that is too long, at most at `stop`: at the last space, or
        else at a boundary of syllables, or else at `stop`."""
        space = max(text.rfind(" ", start, stop), text.rfind("\n", start, stop)) + 1
        if space > start and not marks.is_wide(text[stop - 1]):
            return space
        for at in range(stop, max(start + 1, stop - 20), -1):
            if at >= len(text) or marks.may_divide(text, at):
                return at
        return stop

    def _is_no_abbreviation(self, text: str, word: str) -> bool:
        """Return whether the last word of a text, before a full stop, is written out. Without a
        list of abbreviations no word is known to be."""
        patterns = (self._abbreviation, self._final, self._unit)
        if not self._rules.abbreviations or any(pattern.search(text) for pattern in patterns):
            return False
        if _is_initial(text[:-1]) or _VOWELS.isdisjoint(word.lower()):
            return False
        alone = text == word + "."
        if not (word.islower() or (word.istitle() and (alone or len(word) > _SHORT_NAME))):
            return False
        return len(word) > 2 or (len(word) == 2 and text.count(" ") > 1)

    def _end(self, text: str, start: int, match: re.Match[str], final: bool) -> int:
        """Return the end of a sentence; 0 if the mark ends none; `_UNDECIDED`."""
        end, stop = match.end(), match["stop"]
        before, rest = text[start : match.start()], text[end:]
        if not rest:
            return end if final else _UNDECIDED
        if any(mark in self._ends for mark in stop):
            return self._certain(text, start, match, final)
        if stop == ";":
            return end if rest[0].isspace() else 0
        if not rest[0].isspace():
            return end if marks.is_wide(rest[0]) and marks.is_wide(before[-1:] or " ") else 0
        return self._before_space(text, start, match, final)

    def _certain(self, text: str, start: int, match: re.Match[str], final: bool) -> int:
        end = match.end()
        if match["closing"].startswith('"') and text.count('"', start, match.end("stop")) % 2 == 0:
            end = match.end("stop")  # it opens the next sentence
        if not match["closing"]:
            return 0 if self._in_quote(text, start, end) else end
        continued = self._rules.quotes_continue
        if text[start:end].lstrip()[:1] in marks.PAIRS:
            continued += self._rules.quotes_attributed
        for words in continued:
            following = text[end : end + len(words)]
            if following == words:
                return 0
            if not final and len(text) < end + len(words) and words.startswith(following):
                return _UNDECIDED
        return 0 if self._in_quote(text, start, end) else end

    def _in_quote(self, text: str, start: int, end: int) -> bool:
        """Return whether a short quote is open at a sentence's end within it."""
        if end - start > self.characters(QUOTE_SECONDS, text[start:end]):
            return False
        return marks.is_wide(text[end - 1]) and any(
            text.count(opening, start, end) > text.count(closing, start, end)
            for opening, closing in marks.PAIRS.items()
        )

    def _before_space(self, text: str, start: int, match: re.Match[str], final: bool) -> int:
        """Return the end of a sentence at a mark of `marks.STOPS` with a space behind it."""
        end, stop = match.end(), match["stop"]
        rest = text[end:]
        word = rest.lstrip()
        gap = rest[: len(rest) - len(word)]
        new_line = "\n" in gap
        begins = word.lstrip(marks.OPENING + " ")
        if not begins:
            return end if final else _UNDECIDED
        if word[0] in marks.OPENING_SENTENCE:
            return end
        before = text[start : match.start() + 1]
        if _ITEM.search(before):
            return 0
        first = begins[0]
        if not final and len(word) < 5 and word[0] in "'’":
            return _UNDECIDED
        if _ELIDED.match(word) and word[3].title() == word[3]:
            return end
        if first.isdigit():
            return self._before_number(before, begins, end, new_line, final)
        if not first.isalpha():
            return end
        if first.title() != first:  # a small letter
            return end if new_line and len(word) == len(begins) else 0
        if stop != ".":
            return end
        return self._after_full_stop(before, begins, end, final)

    def _before_number(
        self, before: str, following: str, end: int, new_line: bool, final: bool
    ) -> int:
        if new_line or before[-1] in "!?…":
            return end
        if not final and following.isalnum():
            return _UNDECIDED  # the number may be that of a list's item
        if before[-2:-1].isdigit() or self._abbreviation.search(before):
            return 0
        listed = _ITEM_FIRST.match(before) and _LIST_NUMBER.match(following)
        return end if listed else 0

    def _after_full_stop(self, before: str, following: str, end: int, final: bool) -> int:
        """Return the end of a sentence at a full stop before a capital letter."""
        word = _WORD.match(following)
        assert word is not None  # it begins with a letter
        unfinished = word.end() == len(following) and not final
        begins = word[0] in self._rules.sentences_begin
        if self._final.search(before):
            return end
        if self._unit.search(before) and _SUBSTANCE.search(before):
            if unfinished and self._rules.sentences_begin:
                return _UNDECIDED
            return end if begins or not self._rules.sentences_begin else 0
        if self._abbreviation.search(before) or _is_initial(before[:-1]):
            return 0
        ordinals = self._rules.ordinals
        if ordinals is None or not _NUMBER.search(before[:-1]):
            return end
        if unfinished:
            return _UNDECIDED
        if word[0] in ordinals.followed_by:
            return 0
        article = _WORD_BEFORE_NUMBER.search(before[:-1])
        if article is None or article[1].lower() not in ordinals.preceded_by:
            return end
        return end if begins else 0


def _is_initial(before: str) -> bool:
    """Return whether a text ends in an initial, or in an abbreviation without a vowel (Dr, Mr)."""
    found = _LAST_WORD.search(before)
    if found is None:
        return False
    word, other = found[0], before[: found.start()].rstrip()[-1:]
    if len(word) == 1:
        if word.isupper() or (word.isalpha() and word.title() != word and word not in _VOWELS):
            return not (other.isdigit() or before[found.start() - 1 : found.start()] == "°")
        return "\u0590" <= word <= "\u06ff"  # of an alphabet without capitals
    lower = word.lower()
    return (
        len(word) <= 4
        and word[0].isupper()
        and word[1:].islower()
        and not _VOWELS.intersection(lower)
        and len(set(lower)) == len(lower)  # no Hmm
        and ("a" <= lower[0] <= "z" or "а" <= lower[0] <= "я")
    )


def _at_the_end(words: Iterable[str], before: str = r"(?<![\w.])") -> re.Pattern[str]:
    """Return a pattern of a text that ends in one of some words."""
    longest_first = sorted(words, key=len, reverse=True)
    either = "|".join(re.escape(word).replace("\\ ", r"[\s\u00a0]") for word in longest_first)
    return re.compile(rf"{before}(?:{either})$" if either else r"(?!)")
