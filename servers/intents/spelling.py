"""The spelling of requests: text as models and people write it, rewritten as templates have it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from satellite.errors import EngineFailed
from satellite.languages.hearing import script_of
from satellite.options import plain
from satellite.text.quoted import quoted


class Rewrite(msgspec.Struct, frozen=True, array_like=True):
    """One rule: what matches `pattern` becomes `replacement`."""

    pattern: str
    replacement: str


class Characters(msgspec.Struct, frozen=True):
    """Characters that are written for others: traditional for simplified Chinese ones."""

    written: str = msgspec.field(default="", name="from")
    meant: str = msgspec.field(default="", name="to")
    """As many as `written`. Blanks, as folded YAML has them, do not count."""
    script: str = ""
    """A language: the characters of its pack's `script.yaml` come first."""

    def table(self) -> dict[int, int]:
        """Return the table for `str.translate`. Raises `EngineFailed` for unequal numbers."""
        written, meant = ("".join(text.split()) for text in (self.written, self.meant))
        if len(written) != len(meant):
            raise EngineFailed(
                f"sentences: characters: {len(written)} characters cannot become {len(meant)}"
            )
        return {**script_of(self.script), **str.maketrans(written, meant)}


class Spelling:
    """The rules of a language, which its file lists under `spelling`.

    They are applied in their order, ignoring case, to requests and to the names of a home. The
    grammar for speech is not made of them: no word of theirs enlarges it. Before them, single
    characters are replaced, by the section `characters`.
    """

    def __init__(
        self, rewrites: Sequence[Rewrite] = (), characters: Characters | None = None
    ) -> None:
        """Compile the rules. Raises `EngineFailed` for an invalid regular expression."""
        self._characters = characters.table() if characters else {}
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
        return cls(rules, _characters(source) if section == "spelling" else None)

    def characters(self, text: str) -> str:
        """Return the text with single characters replaced, each by one."""
        return text.translate(self._characters)

    def apply(self, text: str) -> str:
        """Return the text with every rule applied."""
        text = self.characters(text)
        for pattern, replacement in self._rules:
            text = pattern.sub(replacement, text)
        return text


def _characters(source: Mapping[str, Any]) -> Characters | None:
    """Read the section `characters`. Raises `EngineFailed`."""
    if (section := source.get("characters")) is None:
        return None
    try:
        return msgspec.convert(section, Characters)
    except msgspec.ValidationError as error:
        raise EngineFailed(f"sentences: characters: {plain(str(error))}") from error
