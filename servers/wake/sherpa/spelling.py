"""Writes a wake word in the tokens of a model: pinyin, pieces of words, phonemes or characters.

The rules are those of `sherpa_onnx.text2token`, which prints and leaves out what it cannot write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from satellite.errors import EngineFailed, ModelMissing
from satellite.lib import text_files
from satellite.text.quoted import quoted
from satellite.text.reason_of import reason_of
from servers.models import sherpa_files
from servers.models.sherpa_files import SherpaFiles

_HAN = re.compile("[\u4e00-\u9fff]")
_HAN_OR_WORD = re.compile("[\u4e00-\u9fff]|[^\u4e00-\u9fff\\s]+")
_TONES = re.compile("[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ]")

_INITIALS = {*"bpmfdtnlgkhjqxrzcs", "zh", "ch", "sh"}
"""Initials of pinyin. A model that has them writes a syllable as initial and final."""

Written = list[tuple[str, str]]
"""Each token with the part of the word that it stands for."""


class Speller:
    """Writes words in the tokens of one model."""

    def __init__(self, files: SherpaFiles) -> None:
        """Raises `EngineFailed` for a model whose tokens are of no known kind."""
        self._symbols = sherpa_files.symbols(files.tokens)
        self._name = files.folder.name
        self._capital = _is_capital(self._symbols)
        self._write = self._writer(files)

    def tokens(self, word: str) -> list[str]:
        """Return the tokens of a word. Raises `ModelMissing`, with what they cannot write."""
        written = self._write(word)
        missing = [part for token, part in written if token not in self._symbols]
        if missing or not written:
            parts = ", ".join(quoted(part) for part in dict.fromkeys(missing)) or "any of it"
            raise ModelMissing(
                f"wake word {quoted(word)}: the model {self._name} cannot write {parts}; write the "
                "word otherwise, or choose a model of its language: satellite models pull "
                f"sherpa:{recommended([word])}"
            )
        return [token for token, _ in written]

    def _writer(self, files: SherpaFiles) -> Callable[[str], Written]:
        pieces = any(symbol.startswith("▁") for symbol in self._symbols)
        if any(_HAN.fullmatch(symbol) for symbol in self._symbols):
            encode = self._pieces(files) if pieces else None
            return lambda word: list(_characters(word, encode))
        if pieces:
            return self._pieces(files)
        if any(_TONES.search(symbol) for symbol in self._symbols):
            lexicon = _lexicon(files.extras["lexicon"]) if "lexicon" in files.extras else {}
            split = not _INITIALS.isdisjoint(self._symbols)
            return lambda word: list(_sounds(word, lexicon, split))
        raise EngineFailed(f"{files.folder}: its tokens are of no kind that is known")

    def _pieces(self, files: SherpaFiles) -> Callable[[str], Written]:
        model = files.extras.get("bpe_model")
        if model is None:
            raise ModelMissing(
                f"{files.folder} has no bpe.model, which writes words in its tokens: satellite "
                "models pull fetches it again"
            )
        import sentencepiece

        encoder = sentencepiece.SentencePieceProcessor()
        try:
            encoder.load(str(model))
        except (RuntimeError, OSError) as error:
            raise EngineFailed(f"{model} is damaged: {reason_of(error)}") from error

        def encode(word: str) -> Written:
            text = word.upper() if self._capital else word
            return [(piece, piece.strip("▁")) for piece in encoder.encode(text, out_type=str)]

        return encode


def recommended(words: Iterable[str]) -> str:
    """Return the recommended model for some words."""
    return "kws-zh" if any(_HAN.search(word) for word in words) else "kws-en"


def _characters(word: str, encode: Callable[[str], Written] | None) -> Iterator[tuple[str, str]]:
    """Write each Chinese character as itself, and other words in pieces."""
    for part in _HAN_OR_WORD.findall(word):
        if _HAN.fullmatch(part) or encode is None:
            yield from ((character, character) for character in part)
        else:
            yield from encode(part)


def _sounds(word: str, lexicon: dict[str, list[str]], split: bool) -> Iterator[tuple[str, str]]:
    """Write Chinese in pinyin, with `split` as initial and final, and words of the lexicon in
    phonemes."""
    for run in re.findall("[\u4e00-\u9fff]+|[^\u4e00-\u9fff\\s]+", word):
        if _HAN.match(run):
            yield from _pinyin(run, split)
        else:
            sounds = lexicon.get(run.upper()) or lexicon.get(run.lower()) or [run]
            yield from ((sound, run) for sound in sounds)


def _pinyin(text: str, split: bool) -> Iterator[tuple[str, str]]:
    from pypinyin import pinyin
    from pypinyin.contrib.tone_convert import to_finals_tone, to_initials

    syllables: list[list[Any]] = pinyin(text)
    for character, syllable in zip(text, (found[0] for found in syllables), strict=True):
        if not split:
            yield syllable, character
            continue
        initial = to_initials(syllable, strict=False)
        final = to_finals_tone(syllable, strict=False)
        parts = [part for part in (initial, final) if part]
        yield from ((part, character) for part in parts or [syllable])


def _lexicon(path: Path) -> dict[str, list[str]]:
    try:
        lines = text_files.read_text(path).splitlines()
    except (OSError, ValueError) as error:
        raise EngineFailed(f"{path} cannot be read: {error}") from error
    return {parts[0]: parts[1:] for line in lines if len(parts := line.split()) > 1}


def _is_capital(symbols: Iterable[str]) -> bool:
    letters = [s for s in symbols if not s.startswith(("<", "#"))]
    return any(s.isupper() for s in letters) and not any(s.islower() for s in letters)
