"""Symbols that are seen and not spoken: emoji, ornaments, invisible characters."""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_STYLED = re.compile(
    "["
    "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"  # full-width figures and letters
    "\U0001d400-\U0001d7ff"  # bold, italic and other letters of mathematics
    "\u2160-\u217f"  # Roman numerals
    "\u2103\u2109"  # degrees
    "\u3380-\u33dd"  # units in one character
    "]"
)
"""Characters that voices do not know, of which each is another way to write ordinary ones."""
_ARROW = re.compile(r"\s*[\u2190-\u21ff\u27f0-\u27ff\u2900-\u297f]+\s*|\s+(?:->|=>|-->)\s+")
_PICTURES = (
    "\u2122\u00a9\u00ae"  # trade marks
    "\u2300-\u23ff"  # technical
    "\u2460-\u24ff"  # circled
    "\u2500-\u25ff"  # boxes and shapes
    "\u2600-\u27ef"  # weather, hearts, check marks, dingbats
    "\u2b00-\u2bff"  # stars
    "\ufe0e\ufe0f\u20e3"  # variation selectors of the preceding character
    "\U0001f000-\U0001faff"  # emoji
    "\U000e0020-\U000e007f"  # tags, as in flags
)
_PICTURE = re.compile(f"[{_PICTURES}]+(?:\u200d[{_PICTURES}]+)*")
_SMILEY = re.compile(r"(?<!\S)[:;][-o']?[)(DPp|](?!\S)")
_AGAIN = re.compile(r"([!?])\1+")


def strip_symbols(text: str) -> str:
    """Remove symbols that have no spoken form; arrows become pauses."""
    text = _UNSEEN.sub("", text)
    text = _STYLED.sub(lambda styled: unicodedata.normalize("NFKC", styled[0]), text)
    text = _SMILEY.sub("", text)
    text = _ARROW.sub(", ", text)
    text = _PICTURE.sub(" ", text)
    return _AGAIN.sub(r"\1", text)
