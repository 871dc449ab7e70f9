"""Conversations of clients that send only an id, such as Home Assistant."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from satellite.values import Message

CONVERSATIONS = 100
"""Conversations remembered: more than a house has rooms."""
MESSAGES = 20
"""Messages remembered of each conversation, the latest."""
AGE = 300.0
"""Seconds after which a conversation is forgotten, as in Home Assistant."""


class Conversations:
    """The messages of each conversation id, bounded in number and age."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._conversations: OrderedDict[str, tuple[float, tuple[Message, ...]]] = OrderedDict()

    def recall(self, conversation: str) -> tuple[Message, ...]:
        """Return the latest messages of a conversation, oldest first."""
        self._forget()
        return self._conversations.get(conversation, (0.0, ()))[1]

    def add(self, conversation: str, *messages: Message) -> None:
        """Add messages to a conversation."""
        latest = (*self.recall(conversation), *messages)[-MESSAGES:]
        self._conversations[conversation] = (self._clock(), latest)
        self._conversations.move_to_end(conversation)
        self._forget()

    def _forget(self) -> None:
        oldest = self._clock() - AGE
        while self._conversations:
            conversation, (noted, _) = next(iter(self._conversations.items()))
            if noted >= oldest and len(self._conversations) <= CONVERSATIONS:
                return
            del self._conversations[conversation]
