"""Whether an answer is listened to after a reply, without the wake word."""

from __future__ import annotations

from typing import Literal

from satellite.turns.outcome import Answered, Outcome

MOST = 20
"""Answers listened to after one wake word: longer than conversations are, and an end for one that
the satellite holds with a television."""

_ASKS = ("?", "？", "؟")


class FollowUp:
    """Owns whether an answer is wished for, and how many were listened to since a wake word."""

    def __init__(self, after: Literal["never", "question", "always"]) -> None:
        self._after = after
        self._wished = False
        self._count = 0

    def begin(self, wakened: bool) -> None:
        """A turn begins; `wakened` where it is no answer."""
        self._wished = False
        self._count = 0 if wakened else self._count + 1

    def wish(self) -> None:
        """The brain waits for an answer to what it says now, whatever is set but `never`."""
        self._wished = True

    def wanted(self, outcome: Outcome | None) -> bool:
        """Whether to listen after a turn that ended so, and whose reply was heard to its end."""
        if self._after == "never" or not isinstance(outcome, Answered) or self._count >= MOST:
            return False
        asks = outcome.reply.rstrip(" \n\"'»”)").endswith(_ASKS)
        return asks or self._wished or (self._after == "always" and bool(outcome.reply.strip()))
