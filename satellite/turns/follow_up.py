"""Follow-up: listening to an answer after a reply, without the wake word."""

from __future__ import annotations

from typing import Literal

from satellite.languages.text_rules import text_rules
from satellite.text.questions import is_question
from satellite.turns.outcome import Answered, Outcome

MOST = 20
"""Answers listened to after one wake word: longer than conversations are, and an end for one that
the satellite holds with a television."""


class FollowUp:
    """Decides whether to listen to an answer, at most `MOST` times after a wake word."""

    def __init__(self, after: Literal["never", "question", "always"]) -> None:
        self._after = after
        self._requested = False
        self._count = 0
        self.answers: tuple[str, ...] = ()
        """Expected answers to the reply of the latest turn."""

    def use(self, after: Literal["never", "question", "always"]) -> None:
        """Use another value of the setting from now on."""
        self._after = after

    def begin(self, is_answer: bool) -> None:
        """Note that a turn begins."""
        self._requested = False
        self.answers = ()
        self._count = self._count + 1 if is_answer else 0

    def request(self, answers: tuple[str, ...] = ()) -> None:
        """Listen to an answer to the reply of this turn, unless the setting is `never`."""
        self._requested = True
        self.answers = answers

    def wanted(self, outcome: Outcome | None, language: str | None = None) -> bool:
        """Whether to listen after a turn with this outcome, whose reply was heard to its end.

        `language` is that of the reply, by default English.
        """
        if self._after == "never" or not isinstance(outcome, Answered) or self._count >= MOST:
            return False
        asks = is_question(outcome.reply, text_rules(language))
        return asks or self._requested or (self._after == "always" and bool(outcome.reply.strip()))
