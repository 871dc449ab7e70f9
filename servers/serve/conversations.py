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
CHARACTERS = 1_000_000
"""Characters of all of them together, ids included. A text of a client may have a quarter of
that."""
AGE = 300.0
"""Seconds after which a conversation is forgotten, as in Home Assistant."""


class Conversations:
    """The messages of each conversation id, bounded in number, length and age."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._conversations: OrderedDict[str, tuple[float, tuple[Message, ...]]] = OrderedDict()
        self._characters = 0

    def recall(self, conversation: str) -> tuple[Message, ...]:
        """Return the latest messages of a conversation, oldest first."""
        self._forget()
        return self._conversations.get(conversation, (0.0, ()))[1]

    def add(self, conversation: str, *messages: Message) -> None:
        """Add messages to a conversation."""
        latest = (*self.recall(conversation), *messages)[-MESSAGES:]
        self._drop(conversation)
        self._conversations[conversation] = (self._clock(), latest)
        self._characters += _length(conversation, latest)
        self._forget()

    def _forget(self) -> None:
        oldest = self._clock() - AGE
        while self._conversations:
            conversation, (noted, _) = next(iter(self._conversations.items()))
            fits = len(self._conversations) <= CONVERSATIONS and self._characters <= CHARACTERS
            if noted >= oldest and fits:
                return
            self._drop(conversation)

    def _drop(self, conversation: str) -> None:
        _, messages = self._conversations.pop(conversation, (0.0, ()))
        self._characters -= _length(conversation, messages) if messages else 0


def _length(conversation: str, messages: tuple[Message, ...]) -> int:
    return len(conversation) + sum(len(message.text) for message in messages)
