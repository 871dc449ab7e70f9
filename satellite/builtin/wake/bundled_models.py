"""Which wake words there are: model files in folders, and finding one by what a person calls it."""

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
        """What the engine calls it: the file's name without its ending."""
        return self.path.stem

    @property
    def version(self) -> str:
        """`0.1` for a name that ends in `_v0.1`; empty without such an end."""
        found = _VERSION.search(self.name)
        return found[1] if found else ""

    @property
    def phrase(self) -> str:
        """What a person says, as the name tells it."""
        return plain(self.name).replace("_", " ")


def plain(name: str) -> str:
    """A word's name as it is compared: no version, lower case, `_` between its parts."""
    return _GAPS.sub("_", _VERSION.sub("", name.strip().lower()))


def find_words(
    folders: Iterable[Path], ending: str, *, without: Sequence[str] = ()
) -> dict[str, WordFile]:
    """The model files in `folders`, by name; the last folder's win. Raises `ModelMissing`.

    `without` names files that are not words.
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
    """The word that `name` means: exactly, or without regard to version, case, blanks.

    Of several versions the highest is taken. Raises `ModelMissing`, with the nearest name and all
    there are.
    """
    if name in known:
        return known[name]
    alike = [word for word in known.values() if plain(word.name) == plain(name)]
    if alike:
        return max(alike, key=lambda word: [int(part) for part in word.version.split(".") if part])
    hint = unknown_name(plain(name), {plain(word): None for word in known})
    raise ModelMissing(f"wake word {hint}; there are: {', '.join(known) or 'none'}")
