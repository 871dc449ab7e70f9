"""Wake word models in folders, found by the names that people use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from satellite.errors import ModelMissing
from satellite.options import unknown_name

_GAPS = re.compile(r"[\s_-]+")
_VERSION = re.compile(r"_v(\d+(?:\.\d+)*)$")


class WordFile(msgspec.Struct, frozen=True):
    """A wake word's model file."""

    path: Path

    @property
    def name(self) -> str:
        """The engine's name of the word: the file name without its suffix."""
        return self.path.stem

    @property
    def version(self) -> str:
        """`0.1` for a name that ends in `_v0.1`; otherwise empty."""
        found = _VERSION.search(self.name)
        return found[1] if found else ""

    @property
    def phrase(self) -> str:
        """The spoken phrase, derived from the name."""
        return plain(self.name).replace("_", " ")


def plain(name: str) -> str:
    """Normalize a word's name for comparison: no version, lower case, `_` between its parts."""
    return _GAPS.sub("_", _VERSION.sub("", name.strip().lower()))


def find_words(
    folders: Iterable[Path], ending: str, *, without: Sequence[str] = ()
) -> dict[str, WordFile]:
    """Return the model files in `folders` by name; a later folder overrides an earlier one.

    `without` names files that are not words. Raises `ModelMissing` for a missing folder.
    """
    found: dict[str, WordFile] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ModelMissing(
                f"{folder} is not a folder; it should hold *{ending} wake word models"
            )
        for path in sorted(folder.glob(f"*{ending}")):
            if path.stem not in without:
                found[path.stem] = WordFile(path)
    return found


def choose(name: str, known: Mapping[str, WordFile]) -> WordFile:
    """Return the word of a name: an exact match, or one that ignores version, case and blanks.

    Of several versions the highest is taken. Raises `ModelMissing`, with the nearest name and
    a list of all.
    """
    if name in known:
        return known[name]
    alike = [word for word in known.values() if plain(word.name) == plain(name)]
    if alike:
        return max(alike, key=lambda word: [int(part) for part in word.version.split(".") if part])
    hint = unknown_name(plain(name), {plain(word): None for word in known})
    raise ModelMissing(f"wake word {hint}; available: {', '.join(known) or 'none'}")
