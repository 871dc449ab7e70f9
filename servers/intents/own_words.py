"""The words of people's own files, as files of before language packs have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_UNITS = ("hour", "minute", "second")
_FORMS = ("one", "other", "noun")
_HALVES = (0, 12)
"""The hours from which on the two halves of a day are said."""


def renewed(content: dict[str, Any]) -> dict[str, Any]:
    """Return a file's content with `halves`, `and` and lists of units as they are written now."""
    words = content.get("words")
    if not isinstance(words, Mapping):
        return content
    renewed = dict(words)
    if isinstance(conjunction := renewed.pop("and", None), str):
        renewed.setdefault("list", {"between": ", ", "last": f" {conjunction} "})
    if isinstance(halves := renewed.pop("halves", None), Sequence):
        renewed.setdefault("parts_of_day", dict(zip(_HALVES, halves, strict=False)))
    if isinstance(units := renewed.get("units"), Sequence):
        renewed["units"] = {
            unit: dict(zip(_FORMS, forms, strict=False))
            for unit, forms in zip(_UNITS, units, strict=False)
        }
    for pattern in ("time", "full_hour"):
        if isinstance(text := renewed.get(pattern), str):
            renewed[pattern] = text.replace("{half}", "{part}")
    return {**content, "words": renewed}
