"""Finds reasoning that has a label in place of marks: "Thought: … Final Answer: …"."""

from __future__ import annotations

import re

from servers.llm.chat.marks import ANSWER_LABELS, BEGINNINGS, STEP_LABELS, THOUGHT_LABELS

_SIGNS = r"[\s*_#>]{0,6}"


def _any(labels: tuple[str, ...]) -> str:
    longest_first = sorted(labels, key=len, reverse=True)
    return "|".join(label.replace(" ", "[ _]") for label in longest_first)


_BEGINNING = re.compile(rf"{_SIGNS}(?:{_any(THOUGHT_LABELS)})[*_ ]{{0,3}}[:：][*_]{{0,3}}", re.I)
_HALVES = frozenset(label[:size] for label in THOUGHT_LABELS for size in range(len(label) + 1))
_HALF = re.compile(rf"{_SIGNS}(?P<words>[^\W\d_]*(?:[ _][^\W\d_]*){{0,2}})[*_ ]{{0,3}}\Z")
_END = re.compile(
    rf"\n{_SIGNS}(?:(?P<answer>(?:{_any(ANSWER_LABELS)})[*_ ]{{0,3}}[:：][*_]{{0,3}}\s*)"
    rf"|(?P<step>(?:{_any(STEP_LABELS)})(?:[ ]\d{{1,2}})?[*_ ]{{0,3}}[:：]|`{{3}}|[{{\[<]))",
    re.IGNORECASE,
)


def begins_thought(text: str) -> bool | None:
    """Return whether an answer begins with labelled reasoning; None if more text decides."""
    if _BEGINNING.match(text):
        return True
    half = _HALF.match(text)
    words = half["words"].lower().replace("_", " ") if half else ""
    return None if half is not None and words in _HALVES else False


def end_of_thought(text: str, at: int) -> int | None:
    """Return the index from which a text is no labelled reasoning any longer; None if it goes on.

    `at`: index from which the end is looked for.
    """
    found = _END.search(text, at)
    if found is None or (found["answer"] and found.end() == len(text)):
        return None
    return found.end() if found["answer"] else found.start() + 1


def opening_of(text: str, *, last: bool) -> str:
    """Return which of `BEGINNINGS` an answer has, or the part of one so far."""
    text = text.lstrip()
    for opening in BEGINNINGS:
        rest = text[len(opening) :]
        if text.startswith(opening) and (rest[:1].isupper() or (opening[-1] == ":" and rest)):
            return opening
        if text and opening.startswith(text) and not last:
            return text if text != opening else text[:-1]
    return ""
