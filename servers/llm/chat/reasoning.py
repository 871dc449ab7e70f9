"""Whether a model may reason without an opening mark, so that its text has to be held back.

The rule, by what `/api/show` says of the model:

- A template without marks of reasoning, and no capability `thinking`: an ordinary model. Nothing is
  held back.
- The capability `thinking`, a mark of reasoning in the template, or a name of such a family: all of
  the answer is held back until the mark that ends the reasoning, or the end of the answer.
- Neither template nor family (servers that only resemble Ollama): `UNKNOWN` seconds.

The answers then correct the rule: a model that wrote reasoning without its opening mark always
does, and one that ended an answer without any does not, as a template writes the mark every time or
never.
"""

from __future__ import annotations

import math
import re

from servers.llm.chat.client import ModelCard
from servers.llm.chat.marks import REASONING

UNKNOWN = 1.0
"""Seconds for the first answer of an unknown model: short for a person, and longer than a server
takes for reasoning that comes at once."""

_FAMILIES = re.compile(r"think|reason|\br1\b|qwq|magistral|marco-o1|gpt-?oss|exaone-deep", re.I)
_MARKS = tuple(mark for pair in REASONING.items() for mark in pair if "tool" not in mark)


def hold_time(model: str, card: ModelCard | None) -> float:
    """Return the seconds for which a model's text is held back; None for a card is an unknown."""
    if _FAMILIES.search(model):
        return math.inf
    if card is None:
        return UNKNOWN
    if "thinking" in (card.capabilities or ()) or any(mark in card.template for mark in _MARKS):
        return math.inf
    return 0.0 if card.template or card.family else UNKNOWN


class HoldTimes:
    """The hold times of models, corrected by their answers."""

    def __init__(self) -> None:
        self._times: dict[str, float] = {}
        self._lone: set[str] = set()

    def get(self, model: str) -> float | None:
        """Return the hold time of a model; None before `set`."""
        return self._times.get(model)

    def set(self, model: str, seconds: float) -> None:
        """Set what is known before any answer."""
        self._times.setdefault(model, seconds)

    def learn(self, model: str, *, lone: bool, whole: bool) -> None:
        """Learn from an answer with text.

        Args:
            model: The model's name.
            lone: Whether reasoning ended in it that had not begun.
            whole: Whether the model ended it by itself.
        """
        if lone:
            self._times[model] = math.inf
            self._lone.add(model)
        elif whole and model not in self._lone:
            self._times[model] = 0.0
