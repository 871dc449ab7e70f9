"""Replies of the engine `intents` in a fixed situation."""

from __future__ import annotations

from functools import cache

from satellite.values import Action, Declined, Message, ReplyPart, ReplyRequest, Situation
from servers.intents.sentences import Sentences, load
from servers.llm.intents import answer

NOW = "2026-11-20T10:25:00+01:00"


@cache
def english() -> Sentences:
    return load("en")


def parts(text: str, situation: Situation | None = None, *said: str) -> tuple[ReplyPart, ...]:
    """Return the reply to a text; `said` are earlier replies."""
    history = tuple(Message(role="assistant", text=line) for line in said)
    request = ReplyRequest(text=text, situation=situation or Situation(now=NOW), history=history)
    return answer(english(), request)


def text_of(reply: tuple[ReplyPart, ...]) -> str:
    return "".join(part for part in reply if isinstance(part, str))


def actions_of(reply: tuple[ReplyPart, ...]) -> list[Action]:
    return [part for part in reply if isinstance(part, Action)]


def declined(reply: tuple[ReplyPart, ...]) -> bool:
    return len(reply) == 1 and isinstance(reply[0], Declined)
