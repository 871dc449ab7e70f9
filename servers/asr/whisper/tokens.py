"""The tokens of a Whisper model, and prompts made of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from satellite.errors import EngineFailed

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MAX_BEFORE = 223
"""Most tokens before the start of a transcript, half of Whisper's context: 448 / 2, less the marker
of earlier text."""

_CODE = re.compile(r"<\|([a-z]{2,3})\|>")


class Vocabulary:
    """Converts text to tokens and back."""

    def __init__(self, tokenizer: Tokenizer, multilingual: bool) -> None:
        """Raises `EngineFailed` if the tokenizer is not one of Whisper's."""
        self._tokenizer = tokenizer
        self.multilingual = multilingual
        self.end = self._special("<|endoftext|>")
        self.previous = self._special("<|startofprev|>")
        self.first = self._special("<|startoftranscript|>")
        self._no_timestamps = self._special("<|notimestamps|>")
        added = tokenizer.get_added_tokens_decoder().values()
        found = (_CODE.fullmatch(token.content) for token in added)
        self.languages = tuple(match[1] for match in found if match) if multilingual else ("en",)

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, none of which can be a special token of the model."""
        plain = text.replace("<|", "<").encode(errors="replace").decode()
        return list(self._tokenizer.encode(plain, add_special_tokens=False).ids)

    def decode(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode([token for token in tokens if token < self.end]))

    def start(self, language: str | None, task: str) -> list[int]:
        """Return the tokens that begin a transcript without timestamps."""
        if not self.multilingual:
            return [self.first, self._no_timestamps]
        marks = (self._special(f"<|{language}|>"), self._special(f"<|{task}|>"))
        return [self.first, *marks, self._no_timestamps]

    def _special(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise EngineFailed(f"the model's tokenizer.json has no {token}: it is no Whisper model")
        return int(number)


def languages_in(text: str) -> tuple[str, ...]:
    """Return the languages in the text of a multilingual model's `tokenizer.json`."""
    return tuple(dict.fromkeys(_CODE.findall(text)))


class Prompt(msgspec.Struct, frozen=True):
    """Token ids that precede the text of one window."""

    before: tuple[int, ...]
    """Hotwords and earlier text with the marker in front of them; may be empty."""
    prefix: tuple[int, ...] = ()
    """Tokens that the text must begin with."""

    def tokens(self, vocabulary: Vocabulary, language: str | None, task: str) -> list[int]:
        """Return all tokens in the order that Whisper was trained with."""
        return [*self.before, *vocabulary.start(language, task), *self.prefix]


def build_prompt(
    vocabulary: Vocabulary,
    hotwords: str,
    earlier: str,
    prefix: Sequence[int] = (),
) -> Prompt:
    """Build a prompt. Excess hotwords lose their end, excess earlier text its beginning."""
    words = vocabulary.encode(" " + hotwords.strip())[:MAX_BEFORE] if hotwords.strip() else []
    text = vocabulary.encode(" " + earlier.strip()) if earlier.strip() else []
    room = MAX_BEFORE - len(words)
    before = [*words, *text[max(0, len(text) - room) :]] if room else words
    if before:
        before = [vocabulary.previous, *before]
    return Prompt(tuple(before), tuple(prefix))
