"""Words of a command that a person copies into a shell."""

from __future__ import annotations

import shlex

_MEANS_MORE = frozenset('"$`!')
"""Characters with a meaning in double quotes, in one of the shells."""


def quoted_word(text: str) -> str:
    """Return a word in quotes, as brackets and `>` mean more in some shells.

    They are double ones where that is possible: `cmd` of Windows knows no others.
    """
    return shlex.quote(text) if _MEANS_MORE & set(text) else f'"{text}"'
