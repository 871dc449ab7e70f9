"""Finds where calls without marks may begin in a text, with what precedes them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

import msgspec

from servers.llm.chat import prose
from servers.llm.chat.call_bounds import beginning, may_be_method
from servers.llm.chat.leads import lead_start, leads_before_words
from servers.llm.chat.tool_names import CALLERS, METHODS, canonical

_SIGNS = "{[【`~<"
_START = re.compile(
    r"[{\[【`~<]|(?<=\n)(?:[ \t]*(?=\w)|(?=\|))|"
    r"(?:(?<=\n)|(?<=[.!?…:;]\s)|(?<=[。！？：；]))[ \t]*(?=[(（])"
)
"""Where a call without marks and leads may begin."""
_SENTENCE = re.compile(r"(?:(?<=\n)|(?<=[.!?…:;]\s)|(?<=[。！？：；]))[ \t]*(?=[^\W\d_])")
_CODE = re.compile(
    r"(?:(?:const|let|var|async|yield|return|await|from)[ ]{1,2})?"
    r"(?:[a-z_]\w{0,30}[ ]{0,2}(?::[ ]?\w{1,20})?[ ]{0,2}=[ ]{0,2})?(?:await[ ]{1,2})?"
    r"(?:[a-z_]\w{0,30}\.){0,2}"
)
"""What precedes a call in a line of code."""
_CODE_MAYBE = re.compile(
    r"(?:(?:const|let|var|return|await|yield)[ ]{1,2})?[a-z_]\w{0,30}[ ]{0,2}=?[ ]{0,2}"
    r"(?:a|aw|awa|awai|await[ ]{0,2})?\Z"
)
_CALLERS = "|".join(map(re.escape, sorted(CALLERS, key=len, reverse=True)))
_CALLED_BY = rf"(?:(?:{_CALLERS})\((?:await[ ])?){{0,2}}"
_OBJECTS = ("functions", "function", "tools", "tool", "default_api", "api", "self", "client")
"""What a tool may be a method of; after another word, a period ends a sentence."""
_OF_OBJECT = rf"(?:(?:{'|'.join(_OBJECTS)})\.){{0,2}}"
_WORD_BEGINS = r"(?<![\w/-])"
_LAST_WORD = re.compile(
    rf"{_WORD_BEGINS}{_CALLED_BY}[\"']?(?:[A-Za-z][\w.-]{{0,60}})?[\"']?(?<=[\w.(\"' -])\Z",
    re.IGNORECASE,
)
"""A word at the end, or one within the parentheses of a caller."""
_OPENED = tuple(f"{caller}(" for caller in CALLERS)
_OUTER = re.compile(_CALLED_BY, re.IGNORECASE)


class CallStart(msgspec.Struct, frozen=True):
    """Where a call may begin."""

    lead: int
    """Where what precedes it begins."""
    at: int
    sure: bool
    """Whether it does; otherwise more text decides."""


def call_start(text: str, first: int, tools: Collection[str]) -> CallStart | None:
    """Return the first place where a call begins, or where more text decides.

    Args:
        text: The text, with what was before it.
        first: Index before which no call begins.
        tools: Canonical names of the tools.
    """
    starts = [*_before_words(text, first), *_signs_and_lines(text, first)]
    if tools:
        starts += [*_sentences(text, first), *_names(text, first, tools)]
    if len(starts) > 1:
        starts.sort(key=lambda each: each[0])
    for at, kind, lead in starts:
        if kind == "sentence":
            found = _announced(text, at, tools)
        elif kind == "name":
            found = _named(text, at, tools)
        else:
            found = _begun(text, at, kind == "line", lead, first, tools)
            if found is None and kind == "line" and lead == at:
                found = _code(text, at, tools)
        if found is not None:
            return found
    return None


_Start = tuple[int, str, int | None]
"""An index, what begins at it, and where its lead begins."""


def _before_words(text: str, first: int) -> Iterator[_Start]:
    for lead in leads_before_words(text, first):
        yield lead.end, "line" if lead.line else "word", lead.start


def _signs_and_lines(text: str, first: int) -> Iterator[_Start]:
    for start in _START.finditer(text, first):
        if start.group()[:1] in _SIGNS and start.group():
            yield start.start(), "sign", None
        else:
            yield start.end(), "line", start.end()


def _sentences(text: str, first: int) -> Iterator[_Start]:
    for start in _SENTENCE.finditer(text, first):
        yield start.end(), "sentence", None


def _names(text: str, first: int, tools: Collection[str]) -> Iterator[_Start]:
    for start in _pattern(frozenset(tools)).finditer(text, first):
        yield start.start(), "name", None


@lru_cache(8)
def _pattern(tools: frozenset[str]) -> re.Pattern[str]:
    """Return the pattern of the tools' names before a parenthesis, and of a word at the end."""
    names = "|".join(
        "[_-]?".join(map(re.escape, name)) for name in sorted(tools, key=len, reverse=True)
    )
    return re.compile(
        rf"{_WORD_BEGINS}{_CALLED_BY}{_OF_OBJECT}(?:{names})"
        rf"(?:\.(?:{'|'.join(METHODS)}))?[ ]?\("
        rf"|{_WORD_BEGINS}{_CALLED_BY}(?<=\()[\"'](?:{names})[\"'][ ]?[,)]|{_LAST_WORD.pattern}",
        re.IGNORECASE,
    )


def _begun(
    text: str, at: int, line: bool, lead: int | None, first: int, tools: Collection[str]
) -> CallStart | None:
    begins = beginning(text, at, tools, line=line)
    if begins is False:
        return None
    # looked for here alone: it takes long, and a text may have many brackets
    start = lead_start(text, at, first) if lead is None else lead
    return CallStart(start, at, begins is True)


def _code(text: str, at: int, tools: Collection[str]) -> CallStart | None:
    """Return a call behind `result = await`."""
    if _CODE_MAYBE.match(text, at):
        return CallStart(at, at, sure=False)
    found = _CODE.match(text, at)
    if found is None or not found.group():
        return None
    if found.end() == len(text):
        return CallStart(at, at, sure=False)
    begins = beginning(text, found.end(), tools, line=True)
    return None if begins is False else CallStart(at, found.end(), begins is True)


def _named(text: str, at: int, tools: Collection[str]) -> CallStart | None:
    """Return a call amid a sentence, such as "I do that: start_timer(minutes=5)"."""
    if _LAST_WORD.match(text, at):
        outer = _OUTER.match(text, at)
        inner = outer.end() if outer else at
        if _may_be_called(text[inner:], tools, opened=inner > at):
            return CallStart(at, at, sure=False)
        # a period may end a sentence: the word behind it is one by itself
        for period in re.finditer(r"\.(?=[A-Za-z])", text[inner:]):
            begin = inner + period.end()
            if _may_be_called(text[begin:], tools, opened=False):
                return CallStart(begin, begin, sure=False)
        return None
    begins = beginning(text, at, tools, line=False)
    if begins is False:
        return None
    return CallStart(at, at, begins is True)


def _may_be_called(word: str, tools: Collection[str], *, opened: bool) -> bool:
    """Return whether a word at the end of a text may become a call amid a sentence.

    `opened`: whether it stands within the parentheses of another function.
    """
    name = canonical(word)
    if any(tool.startswith(name) for tool in tools) or may_be_method(word, tools):
        return True
    before = (*(("await",) if opened else _OPENED), *(f"{each}." for each in _OBJECTS))
    return any(each.startswith(word.lower()) for each in before)


def _announced(text: str, at: int, tools: Collection[str]) -> CallStart | None:
    """Return a call that the sentence at an index announces."""
    opens = prose.opens(text, at)
    if not opens:
        return None if opens is False else CallStart(at, at, sure=False)
    found = prose.announcement(text, at, tools)
    if found.opened is not None and found.name is not None:
        begins = beginning(text, found.name, tools, line=False)
        if begins is not False:
            return CallStart(at, found.name, begins is True)
    if found.braces is not None:
        return None if found.name is None else CallStart(at, found.name, sure=True)
    if found.end is None:
        return CallStart(at, at, sure=False) if len(text) - at < prose.LONGEST else None
    if found.name is None:
        return None
    call = re.compile(r"\s*").match(text, found.end)
    begin = call.end() if call else found.end
    if begin == len(text):
        return CallStart(at, at, sure=False) if begin - at < 2 * prose.LONGEST else None
    begins = beginning(text, begin, tools, line=True)
    return None if begins is False else CallStart(at, begin, begins is True)
