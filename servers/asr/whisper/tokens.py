"""The tokens of a Whisper model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from satellite.errors import EngineFailed

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_CODE = re.compile(r"<\|([a-z]{2,3})\|>")


class Vocabulary:
    """Texts to tokens and back."""

    def __init__(self, tokenizer: Tokenizer, multilingual: bool) -> None:
        """Raises `EngineFailed` for a tokenizer that is none of Whisper's."""
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
        """The tokens of a text. Nothing in it can be taken for one of the model's own signs."""
        plain = text.replace("<|", "<").encode(errors="replace").decode()
        return list(self._tokenizer.encode(plain, add_special_tokens=False).ids)

    def decode(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode([token for token in tokens if token < self.end]))

    def start(self, language: str | None, task: str) -> list[int]:
        """The tokens that begin a transcript without timestamps."""
        if not self.multilingual:
            return [self.first, self._no_timestamps]
        spoken = self._special(f"<|{language}|>")
        return [self.first, spoken, self._special(f"<|{task}|>"), self._no_timestamps]

    def language(self, asked: str | None) -> str | None:
        """The model's code for a language such as `de` or `pt-BR`; None when it has none."""
        code = (asked or "").replace("_", "-").partition("-")[0].lower()
        return code if code in self.languages else None

    def _special(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise EngineFailed(f"the model's tokenizer.json has no {token}: it is no Whisper model")
        return int(number)


def languages_in(text: str) -> tuple[str, ...]:
    """The languages that the text of a multilingual model's `tokenizer.json` has tokens for."""
    return tuple(dict.fromkeys(_CODE.findall(text)))
