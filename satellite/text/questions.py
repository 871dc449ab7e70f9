"""Recognition of a question by its end."""

from __future__ import annotations

from satellite.text import marks
from satellite.text.boundaries import Boundaries
from satellite.text.rules import TextRules

_BLANK = " \t\n\r\u00a0\u202f\u200e\u200f"
"""White space, and the marks of a text's direction."""


def is_question(text: str, rules: TextRules) -> bool:
    """Return whether a text in the language of the rules ends in a question."""
    closing = marks.CLOSING + marks.CLOSING_ELSEWHERE + rules.closing
    text = text.rstrip(closing + _BLANK)
    if not text:
        return False
    if text[-1] == ";":
        return marks.is_greek(text[-2:-1] or " ")
    if text[-1] in marks.QUESTION_MARKS or text.endswith(rules.question_endings):
        return True
    return marks.QUESTION_INSIDE in _last_sentence(text, rules)


def _last_sentence(text: str, rules: TextRules) -> str:
    boundaries, start = Boundaries(rules), 0
    while (end := boundaries.sentence(text, start, final=True)) is not None and end < len(text):
        start = end
    return text[start:]
