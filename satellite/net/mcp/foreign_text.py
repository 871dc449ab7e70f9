"""Texts of servers, made harmless for a prompt: without what no person would see."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

from satellite.values import Value

LONGEST = 8000
"""Characters of a result; brains cut it further."""

_HIDDEN = ("Cc", "Cf", "Co", "Cs", "Cn")
"""Unicode categories of control characters, direction marks, tags, private and unassigned ones."""
_JOINERS = "\u200c\u200d"
"""Parts of words in several scripts."""
_PARTS = 200
"""Most parts of a result that are looked at."""
_NAMED = 20
"""Most parts of a result that are named because they are no text."""


class Result(Value, frozen=True):
    """The result of a tool."""

    text: str
    failed: bool = False
    """Whether the tool itself says that it failed."""


def line(text: Any, longest: int) -> str:
    """Return a text as one visible line of at most `longest` characters; empty for no text."""
    if not isinstance(text, str):
        return ""
    return " ".join(visible(text[: 4 * longest]).split())[:longest]


def visible(text: str) -> str:
    """Return a text without invisible characters; line breaks and tabs remain."""
    if text.isprintable():
        return text
    shown = (
        char
        for char in text
        if char in "\n\t" or char in _JOINERS or unicodedata.category(char) not in _HIDDEN
    )
    return re.sub(r"\n{3,}", "\n\n", "".join(shown))


def result(found: Any) -> Result:
    """Return what a tool answered: its texts; other content is named.

    https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool-result
    """
    if not isinstance(found, dict):
        return Result(text="the answer of the tool is no object", failed=True)
    content = found.get("content")
    parts: list[str] = []
    named = 0
    length = 0
    for part in content[:_PARTS] if isinstance(content, list) else ():
        text = _text(part)
        if text is None:
            named += 1
            text = f"[{_kind(part)}, not shown]" if named <= _NAMED else ""
        if text:
            parts.append(visible(text[: LONGEST + 1]))
            length += len(parts[-1])
        if length > LONGEST:
            break
    structured = found.get("structuredContent")
    if not parts and structured is not None:
        parts.append(visible(json.dumps(structured, ensure_ascii=False)[: LONGEST + 1]))
    text = "\n".join(parts).strip()
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - 1]}…"
    return Result(text=text, failed=found.get("isError") is True)


def _text(part: Any) -> str | None:
    if not isinstance(part, dict):
        return None
    if part.get("type") == "resource" and isinstance(part.get("resource"), dict):
        part = part["resource"]
    elif part.get("type") != "text":
        return None
    text = part.get("text")
    return text if isinstance(text, str) else None


def _kind(part: Any) -> str:
    """Return what a part of a result is, in a few words."""
    if not isinstance(part, dict):
        return "something unknown"
    kind = line(part.get("type"), 30) or "something unknown"
    about = line(part.get("mimeType"), 40) or line(part.get("name"), 60)
    return f"{kind} {about}".strip()
