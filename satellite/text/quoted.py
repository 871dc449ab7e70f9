"""Values in messages for people: texts in double quotes, everything else as in the settings."""

from __future__ import annotations

import msgspec

from satellite.text.printable import printable


def quoted(value: object, longest: int = 0) -> str:
    """Return a value for a message: a text in double quotes, other values as JSON has them.

    What a terminal would not print is escaped, as texts may come from other machines. More than
    `longest` characters are cut, unless that is 0.
    """
    if isinstance(value, str):
        return f'"{printable(_cut(value, longest))}"'
    return _cut(printable(msgspec.json.encode(value, enc_hook=str).decode()), longest)


def _cut(text: str, longest: int) -> str:
    return f"{text[: longest - 1]}…" if longest and len(text) > longest else text
