"""The result of matching a sentence."""

from __future__ import annotations

from typing import Any

import msgspec


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """The intent of a sentence and its slots."""

    intent: str
    response: str = "default"
    """Key of the intent's response to the sentence."""
    slots: dict[str, Any] = {}
    """Values by slot: numbers (whole ones as int) or text."""
