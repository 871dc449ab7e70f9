"""Values in messages for people: texts in double quotes, everything else as in the settings."""

from __future__ import annotations

import msgspec


def quoted(value: object, longest: int = 0) -> str:
    """Return a value for a message: a text in double quotes, other values as JSON has them.

    What a terminal would not print is escaped, as texts may come from other machines. More than
    `longest` characters are cut, unless that is 0.
    """
    if isinstance(value, str):
        return f'"{_printed(_cut(value, longest))}"'
    return _cut(_printed(msgspec.json.encode(value, enc_hook=str).decode()), longest)


def _cut(text: str, longest: int) -> str:
    return f"{text[: longest - 1]}…" if longest and len(text) > longest else text


def _printed(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
