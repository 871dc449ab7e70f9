"""What the built-in brain says: responses and words of a language, from its YAML file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from satellite.errors import EngineFailed


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """Words that responses are made of; the section `words` of a language's file."""

    declined: str
    weekdays: tuple[str, str, str, str, str, str, str]
    """From Monday on."""
    months: tuple[str, str, str, str, str, str, str, str, str, str, str, str]
    time: str
    full_hour: str
    halves: tuple[str, str]
    """Of the day: before and after noon."""
    conjunction: str = msgspec.field(name="and")
    units: tuple[tuple[str, str, str], tuple[str, str, str], tuple[str, str, str]]
    """Hours, minutes, seconds: one, several, and as the first part of a noun."""
    timer: str
    named_timer: str
    long_timer: str
    thing: str
    thing_in_area: str
    group_in_area: str


class Phrases:
    """The responses of a language, by intent and key, and its words."""

    def __init__(self, responses: dict[str, dict[str, str]], words: Words) -> None:
        self._responses = responses
        self.words = words

    @classmethod
    def make(cls, source: dict[str, Any]) -> Phrases:
        """Take `responses` and `words` out of a language's files. Raises `EngineFailed`."""
        try:
            words = msgspec.convert(source.get("words"), Words)
            responses = msgspec.convert(
                (source.get("responses") or {}).get("intents", {}), dict[str, dict[str, str]]
            )
        except msgspec.ValidationError as error:
            raise EngineFailed(f"sentences: {error}") from error
        return cls(responses, words)

    def has(self, intent: str, key: str = "default") -> bool:
        """Whether there is such a response."""
        return key in self._responses.get(intent, {})

    def say(self, intent: str, key: str = "default", **values: Any) -> str:
        """Make an intent's response. Raises `EngineFailed`, naming what its file lacks."""
        try:
            return self._responses[intent][key].format(**values)
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise EngineFailed(
                f"sentences: response {key} of intent {intent}: {type(error).__name__}: {error}"
            ) from error

    def listed(self, things: Sequence[str]) -> str:
        """Join things as a person lists them: "a, b and c"."""
        if len(things) < 2:
            return "".join(things)
        return f"{', '.join(things[:-1])} {self.words.conjunction} {things[-1]}"
