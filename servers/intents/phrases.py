"""What the built-in brain says: responses and words of a language, from its YAML file."""

from __future__ import annotations

from typing import Any

import msgspec

from satellite.errors import EngineFailed


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """Words that responses are made of; the section `words` of a language's file."""

    declined: str
    weekdays: list[str]
    months: list[str]
    time: str
    halves: list[str]
    units: list[list[str]]
    and_: str = msgspec.field(name="and")
    thing: str
    thing_in_area: str
    group_in_area: str
    timer: str
    named_timer: str
    long_timer: str


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
                source.get("responses", {}).get("intents", {}), dict[str, dict[str, str]]
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
