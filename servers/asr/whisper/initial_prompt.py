"""What the model is told before it listens: earlier text, likely words, language and task."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from servers.asr.whisper.tokens import Vocabulary

HALF = 223
"""Tokens of the half of Whisper's context that may come before: 448 / 2, less the marker."""


class Prompt(msgspec.Struct, frozen=True):
    """Token ids for one window."""

    before: tuple[int, ...]
    """Hotwords and earlier text, the marker in front of them included; perhaps nothing."""
    prefix: tuple[int, ...] = ()
    """How the text must begin."""

    def tokens(self, vocabulary: Vocabulary, language: str | None, task: str) -> list[int]:
        """Everything, in the order in which Whisper was trained."""
        return [*self.before, *vocabulary.start(language, task), *self.prefix]


def build(
    vocabulary: Vocabulary,
    hotwords: str,
    earlier: str,
    prefix: Sequence[int] = (),
) -> Prompt:
    """Make a prompt. Too many hotwords lose their end, too much text its beginning."""
    words = vocabulary.encode(" " + hotwords.strip())[:HALF] if hotwords.strip() else []
    text = vocabulary.encode(" " + earlier.strip()) if earlier.strip() else []
    room = HALF - len(words)
    before = [*words, *text[max(0, len(text) - room) :]] if room else words
    if before:
        before = [vocabulary.previous, *before]
    return Prompt(tuple(before), tuple(prefix))
