"""Conversations held within a model's context, measured in tokens."""

from __future__ import annotations

import json
from collections.abc import Sequence

from satellite.errors import EngineFailed
from servers.llm.ollama.prompt import ChatMessage

_FIRST_GUESS = 3.0
"""Characters to a token, before a model has told: English has about 4, other languages less."""
_FEWEST, _MOST = 0.5, 8.0
"""Bounds of what is believed: byte tokens of a script with long characters, and long words."""
_EASING = 0.2
"""How much one answer may raise the guess; it falls at once, so that nothing is lost unseen."""
_FULL = 0.95
"""Share of the context from which on a prompt was probably cut by Ollama."""
_FRAME = 16
"""Characters a template puts around a message, such as <|start_header_id|>user: 4 tokens."""
_BLOCK = 8
"""Messages that are left out together: the next turns then begin with the same message, and what
Ollama has computed for them stays good."""


class TokenMeter:
    """Guesses how many tokens a text has, from what a model counted of others."""

    def __init__(self) -> None:
        self._characters = _FIRST_GUESS

    @property
    def characters(self) -> float:
        """Characters that make a token."""
        return self._characters

    def tokens(self, characters: int) -> int:
        """How many tokens so many characters make."""
        return int(characters / self._characters) + 1

    def learn(self, characters: int, tokens: int | None, context: int) -> None:
        """Take note that a model counted `tokens` in a prompt of so many characters."""
        if not tokens or not characters:
            return
        if tokens >= _FULL * context:  # it was cut: there were more, nobody knows how many
            seen = min(self._characters, characters / tokens) * 0.75
        else:
            seen = characters / tokens
        seen = min(_MOST, max(_FEWEST, seen))
        if seen < self._characters:
            self._characters = seen
        else:
            self._characters += _EASING * (seen - self._characters)


def length(messages: Sequence[ChatMessage], tools: Sequence[object] = ()) -> int:
    """Characters of a prompt, what a template adds included."""
    written = sum(len(message.get("content") or "") + _FRAME for message in messages)
    calls = sum(len(json.dumps(m["tool_calls"])) for m in messages if m.get("tool_calls"))
    return written + calls + (len(json.dumps(list(tools))) if tools else 0)


def fit(
    first: ChatMessage,
    history: Sequence[ChatMessage],
    last: Sequence[ChatMessage],
    tools: Sequence[object],
    meter: TokenMeter,
    budget: int,
) -> list[ChatMessage]:
    """Put a prompt of at most `budget` tokens together, leaving out the oldest of `history`.

    Raises `EngineFailed` when not even `last`, what was said last, fits.
    """
    fixed = length([first, *last], tools)
    if (needed := meter.tokens(fixed)) > budget:
        raise EngineFailed(
            f"what was said is too long for the language model ({fixed} characters with all that "
            f"goes before it, about {needed} tokens, where {budget} fit): say less, or raise the "
            "option num_ctx"
        )
    start = 0
    while start < len(history):
        if meter.tokens(fixed + length(history[start:])) > budget:
            block = _BLOCK - start % _BLOCK
            start += block if len(history) - start > block else 1
        elif history[start]["role"] == "assistant":  # its question has been left out
            start += 1
        else:
            break
    return [first, *history[start:], *last]
