"""The result of matching a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from hassil.recognize import RecognizeResult


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """The intent of a sentence and its slots."""

    intent: str
    response: str = "default"
    """Key of the intent's response to the sentence."""
    slots: dict[str, Any] = {}
    """Values by slot: numbers (whole ones as int) or text."""


class Found(msgspec.Struct, frozen=True):
    """A match in a text as it was spelled for matching."""

    match: Match
    free: frozenset[str]
    """The slots of any text."""
    words: frozenset[str]
    """The slots whose values are the words of the text themselves."""


def found_in(result: RecognizeResult) -> Found:
    """Return the match of a result of hassil."""
    slots = {
        entity.name: entity.text.strip() if entity.is_wildcard else _whole(entity.value)
        for entity in result.entities_list
    }
    free = frozenset(entity.name for entity in result.entities_list if entity.is_wildcard)
    words = frozenset(each.name for each in result.entities_list if each.value == each.text)
    response = result.response or "default"
    match = Match(intent=result.intent.name, response=response, slots=slots)
    return Found(match, free, words)


def _whole(value: Any) -> Any:
    # hassil converts digits to a float, but a response needs "5 minutes", not "5.0 minutes"
    return int(value) if isinstance(value, float) and value.is_integer() else value
