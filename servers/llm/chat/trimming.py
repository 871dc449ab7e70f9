"""Trims conversations to the context of a model, measured in tokens."""

from __future__ import annotations

import json
from collections.abc import Sequence

from satellite.errors import EngineFailed
from servers.llm.chat.client import ChatMessage

_FIRST_GUESS = 3.0
"""Characters per token before the first measurement: English has about 4, other languages less."""
_FEWEST, _MOST = 0.5, 8.0
"""Bounds of plausible measurements: byte tokens of scripts with long characters; long words."""
_EASING = 0.2
"""Weight of one measurement that raises the estimate. A lower one applies at once, since an
estimate that is too high lets Ollama cut the prompt unnoticed."""
_FULL = 0.95
"""Share of the context above which Ollama has probably cut the prompt."""
_FRAME = 16
"""Characters that a template adds to a message, such as <|start_header_id|>user: 4 tokens."""
_BLOCK = 8
"""Messages dropped at a time: the prompts of the next turns then begin with the same message, and
Ollama's cache stays valid."""


class TokenMeter:
    """Estimates the tokens of a text from the counts that a model reported for others."""

    def __init__(self) -> None:
        self._characters = _FIRST_GUESS

    @property
    def characters(self) -> float:
        """Characters per token."""
        return self._characters

    def tokens(self, characters: int) -> int:
        """Return the estimated tokens of a text of this many characters."""
        return int(characters / self._characters) + 1

    def learn(self, characters: int, tokens: int | None, context: int) -> None:
        """Learn from a model's count of `tokens` for a prompt of `characters`.

        A count that no prompt has in this `context` is ignored: it may be that of a faulty server,
        or of the part of a prompt that was not in a cache.
        """
        if characters <= 0 or tokens is None or not 0 < tokens <= context:
            return
        measured = characters / tokens
        if tokens >= _FULL * context:  # the prompt was cut: the true count is higher, and unknown
            measured = max(_FEWEST, min(self._characters, measured) * 0.75)
        if not _FEWEST <= measured <= _MOST:
            return
        if measured < self._characters:
            self._characters = measured
        else:
            self._characters += _EASING * (measured - self._characters)

    def doubt(self) -> None:
        """Move towards the first guess, as a request was refused by the estimate: what the model
        would have counted is unknown, and a wrong estimate must not refuse all later ones."""
        if self._characters < _FIRST_GUESS:
            self._characters += _EASING * (_FIRST_GUESS - self._characters)


def prompt_length(messages: Sequence[ChatMessage], tools: Sequence[object] = ()) -> int:
    """Return the characters of a prompt, with the additions of the template."""
    written = sum(len(message.get("content") or "") + _FRAME for message in messages)
    calls = sum(len(json.dumps(m["tool_calls"])) for m in messages if m.get("tool_calls"))
    return written + calls + (len(json.dumps(list(tools))) if tools else 0)


def fit_prompt(
    first: ChatMessage,
    history: Sequence[ChatMessage],
    last: Sequence[ChatMessage],
    tools: Sequence[object],
    meter: TokenMeter,
    budget: int,
    context_option: str,
) -> list[ChatMessage]:
    """Build a prompt of at most `budget` tokens by dropping the oldest messages of `history`.

    Raises `EngineFailed` when `first` and `last`, the newest messages, do not fit by themselves; it
    names `context_option`, with which the user makes room.
    """
    fixed = prompt_length([first, *last], tools)
    if (needed := meter.tokens(fixed)) > budget:
        meter.doubt()
        raise EngineFailed(
            f"the request is too long for the language model ({fixed} characters with its system "
            f"prompt and tools, about {needed} tokens of {budget}): shorten it, or raise "
            f"{context_option}"
        )
    start = 0
    while start < len(history):
        if meter.tokens(fixed + prompt_length(history[start:])) > budget:
            block = _BLOCK - start % _BLOCK
            start += block if len(history) - start > block else 1
        elif history[start]["role"] == "assistant":  # its question was dropped
            start += 1
        else:
            break
    return [first, *history[start:], *last]
