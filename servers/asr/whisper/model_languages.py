"""Languages that a Whisper model knows, by its name and files, before it is loaded."""

from __future__ import annotations

import logging
from pathlib import Path

from satellite.lib.decoding import from_json
from servers.asr.whisper.tokens import languages_in
from servers.models.whisper_sizes import SIZES, size

_LOGGER = logging.getLogger(__name__)

ENGLISH_ONLY = ("en",)

_USUAL = "base"


def is_english_only(name: str) -> bool:
    """Return whether a model is for English alone by its name, whatever its tokens.

    Those of Distil-Whisper were trained on English, also where they have the tokens of all
    languages.
    """
    known = size(name) or name
    return known.endswith(".en") or (known.startswith("distil-") and known in SIZES)


def multilingual(name: str) -> str:
    """Return the size of Whisper for all languages that needs as much as an English-only model."""
    known = (size(name) or Path(name).name).removesuffix(".en").removeprefix("distil-")
    return known if known in SIZES else _USUAL


def languages(name: str, folder: Path | None) -> tuple[str, ...]:
    """Return the languages of an installed model; none if its files cannot be read."""
    if is_english_only(name) or folder is None:
        return ENGLISH_ONLY
    try:
        if "" not in _vocabulary(folder):
            return ENGLISH_ONLY
        return languages_in((folder / "tokenizer.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        _LOGGER.debug("Cannot read the languages of Whisper %s: %s", name, error)
        return ()


def _vocabulary(folder: Path) -> list[str]:
    """Return the tokens. The empty one is that of multilingual models, as CTranslate2 has it."""
    if (path := folder / "vocabulary.json").is_file():
        tokens = from_json(path.read_bytes())
        return tokens if isinstance(tokens, list) else []
    # each line ends with a line feed
    return (folder / "vocabulary.txt").read_text("utf-8").split("\n")[:-1]
