"""The product, the names of its tests and its documents are written in plain technical English.

Each pattern below stands for a habit that reads as a riddle: an agent without a name, a pronoun
without a noun, an archaic word, a clause where a noun exists. tests/README.md has the style rules.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.wording import Text, parts, read_texts, room_of, tracked_files

ROOT = Path(__file__).parent.parent

PROSE = {
    "told, tell": r"\b(?:told|tells?)\b",
    "nobody, somebody, everybody": r"\b(?:nobody|somebody|everybody)\b",
    "whoever": r"\bwhoever\b",
    "who as a subject": r"(?:\A|[.;:(]\s|\b(?:of|by|to|and|than|for|from)\s)who\s(?!.*\?)",
    "anew, lest, shall": r"\b(?:anew|lest|shall)\b",
    "of late, so many, so long": r"\b(?:of late|so many|(?:for|after) so long)\b",
    "by wish, wished": r"\b(?:by wish|wish(?:es|ed)?)\b",
    "Twice is once": r"\btwice is once\b",
    "it is so": r"\bit is so\b",
    "else at the end": r"(?<!thing )(?<!one )(?<!where )(?<!all )\belse(?=\s*(?:[.;:)]|$))",
    "what is": r"(?:\A|\.\s)what\s(?:is|it|they|we)\s(?![^.]*\?)",
    "not there": r"\b(?:is|are|was|were)\s(?:not\s)?there\b(?=\s*(?:[.,;:)]|$))",
}
"""Patterns of prose, for comments, strings, documents and the names of tests."""

NAMES = frozenset(
    {"told", "tell", "nobody", "somebody", "everybody", "whoever", "anew", "lest", "shall"}
    | {"kept", "wish", "wishes", "wished", "deed", "deeds", "persona", "personas"}
)
"""Words that no identifier contains."""

WHOLE = frozenset({"it", "its", "one", "several", "said", "heard", "given"})
"""Words that are no identifier by themselves."""

ALLOWED: dict[tuple[str, str], str] = {
    ("satellite/announcements/broadcasts.py", "tell"): "a spoken sentence",
    ("satellite/announcements/broadcasts.py", "told"): "a spoken sentence",
    ("satellite/announcements/broadcasts.py", "Nobody"): "a spoken sentence",
    ("satellite/settings/__init__.py", "persona"): "a setting's key",
    ("satellite/settings/answering.py", "persona"): "a setting's key",
    ("satellite/values.py", "persona"): "a field of requests, also on the wire",
    ("satellite/diagnostics/stats/summary.py", "heard"): "a field of `satellite stats --json`",
}
"""Words that a file may use: path and text as reported, and the reason."""

_PROSE = {
    name: re.compile(pattern, re.IGNORECASE | re.MULTILINE) for name, pattern in PROSE.items()
}


def violations(text: Text) -> list[tuple[int, str]]:
    """Return the line and the words of everything in a text that is not plain English."""
    if text.kind == "name":
        words = parts(text.text)
        wrong = NAMES.intersection(words) or text.text.strip("_") in WHOLE
        return [(text.line, text.text)] if wrong else []
    return [
        (text.line + text.text.count("\n", 0, match.start()), " ".join(match[0].split()))
        for pattern in _PROSE.values()
        for match in pattern.finditer(text.text)
    ]


def found() -> dict[str, list[str]]:
    """Return the violations of each room that has any, those allowed left out."""
    rooms: dict[str, list[str]] = {}
    for path in tracked_files(ROOT):
        if path == "tests/test_words.py":
            continue
        for text in read_texts(ROOT, path):
            for line, words in violations(text):
                if (path, words) not in ALLOWED:
                    rooms.setdefault(room_of(path), []).append(f"{path}:{line}: {words}")
    return rooms


def test_every_room_speaks_plain_english() -> None:
    report = [line for lines in found().values() for line in lines]
    assert not report, "\n".join(report)
