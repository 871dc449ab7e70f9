"""The conversation so far, which the language model receives with each request."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic
from uuid import uuid4

from satellite.values import Message

MESSAGES = 40
"""Messages remembered: twenty exchanges, more than a spoken conversation refers back to."""

CHARACTERS = 16_000
"""Characters remembered: about 4,000 tokens, the usual context of a small language model."""

FORGOTTEN = 300.0
"""Seconds of silence after which a new conversation begins, as Home Assistant has it."""


class Conversation:
    """Owns the messages; bounded in number, length and age."""

    def __init__(
        self,
        clock: Callable[[], float] = monotonic,
        *,
        forgotten: float = FORGOTTEN,
        read: bool = False,
    ) -> None:
        """`forgotten`: seconds of silence after which a new one begins; `read`: whether the person
        reads the answers, so that what was not heard of them counts, too."""
        self._clock = clock
        self._forgotten = forgotten
        self._read = read
        self._last = clock()
        self._messages: deque[Message] = deque(maxlen=MESSAGES)
        self.id = uuid4().hex
        """A new one for each conversation, for engines that store conversations themselves."""

    def history(self, without: tuple[Message, ...] = ()) -> tuple[Message, ...]:
        """Return the messages so far, oldest first, `without` some; none after `forgotten` seconds
        of silence."""
        if self._clock() - self._last > self._forgotten:
            self.clear()
        left_out = set(map(id, without))
        return tuple(message for message in self._messages if id(message) not in left_out)

    def clear(self) -> None:
        """Begin a new conversation."""
        self._messages.clear()
        self.id = uuid4().hex

    def add(self, asked: str, answered: str, written: str = "") -> tuple[Message, ...]:
        """Remember an exchange; `answered` is the part of the answer that was really spoken, and
        `written` all that the model had written of it. Return its messages."""
        if self._read:
            answered = written or answered
        self._last = self._clock()
        exchange = [Message(role="user", text=asked)]
        if answered:
            exchange.append(Message(role="assistant", text=answered))
        self._messages.extend(exchange)
        while len(self._messages) > 1 and self._length() > CHARACTERS:
            self._messages.popleft()
        return tuple(exchange)

    def withdraw(self, exchange: tuple[Message, ...]) -> None:
        """Forget an exchange, if it is the last one."""
        for message in reversed(exchange):
            if self._messages and self._messages[-1] is message:
                self._messages.pop()

    def _length(self) -> int:
        return sum(len(message.text) for message in self._messages)
