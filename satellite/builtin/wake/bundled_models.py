"""Wake word models in folders, found by the names that people use."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from satellite.errors import ModelMissing
from satellite.options import unknown_name

_SPELLINGS = Path(__file__).with_name("spellings.toml")
_GAPS = re.compile(r"[\s_-]+")
_VERSION = re.compile(r"[\s_-]+(?:v(\d+(?:\.\d+)*)|(\d{8}(?:\.\d+)?))$", re.IGNORECASE)
"""The version at the end of a name: `_v0.1`, ` v2`, or the date of ESPHome's (`_20241226.3`)."""
_FILES = (".tflite", ".onnx", ".json")
"""Suffixes of the models and descriptions of all wake engines."""


class WordFile(msgspec.Struct, frozen=True):
    """A wake word's model file."""

    path: Path
    name: str
    """The engine's name of the word: the file name without suffix and, where no other file has
    that name, without version, as the services of other authors name it."""

    @property
    def version(self) -> str:
        """`0.1` for a file name that ends in `_v0.1`; otherwise empty."""
        return split_version(self.path.stem)[1]

    @property
    def phrase(self) -> str:
        """The spoken phrase, derived from the name."""
        return plain(self.path.stem).replace("_", " ")


def split_version(name: str) -> tuple[str, str]:
    """Split a name such as `hey_bob_v0.1` into `hey_bob` and `0.1`, which may be empty."""
    name = name.strip()
    if (found := _VERSION.search(name)) and found.start() > 0:
        return name[: found.start()], found[1] or found[2]
    return name, ""


def plain(name: str) -> str:
    """Return a word's name without version, in lower case, with `_` between its parts.

    File systems write letters with accents in one character or in two; the names are the same.
    """
    return _GAPS.sub("_", unicodedata.normalize("NFC", split_version(name)[0].lower()))


def comparable(name: str) -> str:
    """Return what the names of one word have in common: those of all versions and spellings."""
    return spelled(name).replace(" ", "")


def spelled(name: str) -> str:
    """Return a word's name without version in the spelling of the models: `okay nabu` for
    `OK_Naboo_v0.1`."""
    spellings = _spellings()
    return " ".join(spellings.get(part, part) for part in plain(name).split("_"))


@cache
def _spellings() -> dict[str, str]:
    return msgspec.convert(tomllib.loads(_SPELLINGS.read_text("utf-8")), dict[str, str])


def find_words(
    folders: Iterable[Path], ending: str, *, without: Sequence[str] = ()
) -> dict[str, WordFile]:
    """Return the model files in `folders` by name; a later folder overrides an earlier one.

    `without` names files that are not words. Raises `ModelMissing` for a missing folder.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ModelMissing(
                f"{folder} is not a folder; it should hold *{ending} wake word models"
            )
        for path in sorted(folder.glob(f"*{ending}")):
            if path.stem not in without:
                found[path.stem] = path
    return {word.name: word for word in _named(found)}


def _named(paths: Mapping[str, Path]) -> Iterable[WordFile]:
    """Name the words of files; a name without version belongs to the highest one."""
    newest: dict[str, str] = {}
    for stem in sorted(paths, key=_version_key):
        newest[split_version(stem)[0]] = stem
    for stem, path in paths.items():
        base = split_version(stem)[0]
        alone = newest[base] == stem and base not in paths
        yield WordFile(path, base if alone else stem)


def _version_key(stem: str) -> list[int]:
    return [int(part) for part in split_version(stem)[1].split(".") if part]


def choose(name: str, known: Mapping[str, WordFile]) -> WordFile:
    """Return the word of a name: the exact one, that of a file, or one that differs in case, gaps,
    spelling or version.

    Of several versions the named one is taken, otherwise the highest. Raises `ModelMissing`, with
    the nearest name or a list of all, or for a file, with the option to set.
    """
    if name in known:
        return known[name]
    file = _as_file(name)
    for word in known.values():
        if file in (word.path, Path(word.path.name)):
            return word
    if file is not None:
        raise ModelMissing(
            f"wake word {name} is a file: put the file into a folder, set custom_model_dir to that "
            f"folder, and name the word {plain(file.stem)}"
        )
    alike = [word for word in known.values() if comparable(word.name) == comparable(name)]
    version = split_version(name)[1]
    if named := [word for word in alike if word.version == version] if version else []:
        return named[0]
    if alike:
        return max(alike, key=lambda word: _version_key(word.path.stem))
    hint = unknown_name(plain(name), {plain(word): None for word in known})
    raise ModelMissing(f"wake word {hint}")


def _as_file(name: str) -> Path | None:
    """Return the path that is named in place of a word, if it is one."""
    if "/" in name or "\\" in name or name.lower().endswith(_FILES):
        return Path(name).expanduser()
    return None
