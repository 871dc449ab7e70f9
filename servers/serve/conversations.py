"""Conversations of strangers that send only an id, such as Home Assistant."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from satellite.values import Message

CONVERSATIONS = 100
"""Conversations remembered: more than the rooms of any house."""
MESSAGES = 20
"""Messages remembered of each, the latest."""
AGE = 300.0
"""Seconds after which one is forgotten: how long Home Assistant keeps its own."""


class Conversations:
    """What was said under each conversation id, bounded in number and age."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, tuple[Message, ...]]] = OrderedDict()

    def recall(self, conversation: str) -> tuple[Message, ...]:
        """What was said lately in a conversation, oldest first."""
        self._forget()
        return self._kept.get(conversation, (0.0, ()))[1]

    def add(self, conversation: str, *messages: Message) -> None:
        """Note what was said."""
        kept = (*self.recall(conversation), *messages)[-MESSAGES:]
        self._kept[conversation] = (self._clock(), kept)
        self._kept.move_to_end(conversation)
        self._forget()

    def _forget(self) -> None:
        oldest = self._clock() - AGE
        while self._kept:
            conversation, (noted, _) = next(iter(self._kept.items()))
            if noted >= oldest and len(self._kept) <= CONVERSATIONS:
                return
            del self._kept[conversation]
