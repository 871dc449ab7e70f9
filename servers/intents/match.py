"""What a person meant."""

from __future__ import annotations

from typing import Any

import msgspec


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """The intent of a sentence, and what it says about it."""

    intent: str
    response: str = "default"
    """Which of the intent's responses the sentence asks for."""
    slots: dict[str, Any] = {}
    """What was said, by slot: numbers (int where they are whole), everything else as text."""
