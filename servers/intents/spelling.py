"""The spelling of requests: text as models and people write it, rewritten as templates have it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from satellite.errors import EngineFailed
from satellite.options import plain
from satellite.text.quoted import quoted


class Rewrite(msgspec.Struct, frozen=True, array_like=True):
    """One rule: what matches `pattern` becomes `replacement`."""

    pattern: str
    replacement: str


class Spelling:
    """The rules of a language, which its file lists under `spelling`.

    They are applied in their order, ignoring case, to requests and to the names of a home. The
    grammar for speech is not made of them: no word of theirs enlarges it.
    """

    def __init__(self, rewrites: Sequence[Rewrite] = ()) -> None:
        """Compile the rules. Raises `EngineFailed` for an invalid regular expression."""
        self._rules = []
        for rule in rewrites:
            try:
                pattern = re.compile(rule.pattern, re.IGNORECASE)
                pattern.sub(rule.replacement, "")
            except (re.error, IndexError) as error:
                raise EngineFailed(
                    f"sentences: spelling: {quoted(rule.pattern)}: {error}"
                ) from error
            self._rules.append((pattern, rule.replacement))

    @classmethod
    def make(cls, source: Mapping[str, Any], section: str = "spelling") -> Spelling:
        """Read a section of the content of a language's files. Raises `EngineFailed`."""
        try:
            rules = msgspec.convert(source.get(section) or [], list[Rewrite])
        except msgspec.ValidationError as error:
            raise EngineFailed(f"sentences: {section}: {plain(str(error))}") from error
        return cls(rules)

    def apply(self, text: str) -> str:
        """Return the text with every rule applied."""
        for pattern, replacement in self._rules:
            text = pattern.sub(replacement, text)
        return text
