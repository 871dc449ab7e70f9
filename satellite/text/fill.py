"""Patterns of language packs, such as "{number} {unit}", and the words that come into them."""

from __future__ import annotations

import re

_PLACE = re.compile(r"\{(\w+)(?::(0?\d?)d?)?\}")
"""A name, and at most the digits that a number has at least: `{minute:02}`."""


def fill(pattern: str, **words: object) -> str:
    """Return a pattern with its places filled; a place for anything else remains as it is.

    Unlike `str.format`, it accepts any text: people write packs, and a wrong place in one must not
    end what is being said.
    """

    def word(place: re.Match[str]) -> str:
        name, least = place.groups("")
        if name not in words:
            return place[0]
        found = words[name]
        return f"{found:{least}d}" if least and isinstance(found, int) else str(found)

    return _PLACE.sub(word, pattern)
