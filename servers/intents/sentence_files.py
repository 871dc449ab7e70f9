"""The YAML files of sentences: the built-in ones and the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from satellite.errors import EngineFailed
from satellite.languages import pack
from satellite.languages.pack import Source
from satellite.languages.plurals import Plurals, plurals_of
from satellite.lib import yaml_files
from satellite.text.reason_of import reason_of
from servers.intents import own_words

PARTS = ("sentences", "answers")
"""The parts of a language pack that make a brain."""

_REPLACED = ("responses", "words")
"""Sections in which the value of a later file replaces the earlier one, lists included."""


def languages() -> tuple[str, ...]:
    """Return the languages whose packs have sentences."""
    return tuple(code for code in pack.installed() if has_sentences(code))


def has_sentences(language: str) -> bool:
    """Return whether a pack has sentences and answers in a language."""
    found = pack.find(language)
    return found is not None and all(any(found.files(part)) for part in PARTS)


def base_language(language: str) -> str:
    """Return a language without its region: "en" for "en-US"."""
    return language.replace("_", "-").split("-")[0].lower()


def language_of(language: str) -> str:
    """Return the code of the pack of a language, or the language without its region."""
    found = pack.find(language)
    return found.code if found is not None else base_language(language)


def plurals(language: str) -> Plurals:
    """Return the plural rules of a language; without a pack, it has none. Raises `PluginBroken`."""
    found = pack.find(language)
    return plurals_of(found) if found is not None else Plurals()


def read_all(language: str, folder: str | Path = "", *, unmarked: bool = True) -> Iterator[Source]:
    """Yield the files of a language's pack, then the user's: `*.yaml` and `<language>/*.yaml`.

    Skips files for other languages (by their key `language`), and, unless `unmarked`, those in
    `folder` itself without the key. Raises `EngineFailed`.
    """
    if (built_in := pack.find(language)) is not None:
        for part in PARTS:
            yield from built_in.sources(part)
    if not folder:
        return
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise EngineFailed(f"sentences: {root} is not a folder")
    base = base_language(language)
    folders = [root / name for name in dict.fromkeys((base, language))]
    for path in sorted([*root.glob("*.yaml"), *(p for f in folders for p in f.glob("*.yaml"))]):
        source = Source(str(path), own_words.renewed(_content(path)))
        other = base if unmarked or path.parent != root else ""
        if base_language(str(source.content.get("language", other))) == base:
            yield source


def english_words(language: str) -> Iterator[Source]:
    """Yield the English words, where a language has no pack, for those that its files lack."""
    if pack.find(language) is None:
        english = pack.pack(pack.ENGLISH)
        yield Source("English", {"words": english.part("answers")["words"]})


def merge(sources: list[Source]) -> dict[str, Any]:
    """Merge files: collects all sentences; of everything else, the last file takes precedence."""
    from hassil.util import merge_dict

    result: dict[str, Any] = {}
    replaced: dict[str, Any] = {}
    for source in sources:
        own = {key: value for key, value in source.content.items() if key in _REPLACED}
        rest = {key: value for key, value in source.content.items() if key not in _REPLACED}
        replaced = pack.merge(replaced, own)
        try:
            merge_dict(result, rest)
        except AssertionError as error:  # hassil raises it if a list meets a mapping
            raise EngineFailed(f"sentences {source.name}: {error}") from error
    return {**result, **replaced}


def _content(path: Path) -> dict[str, Any]:
    try:
        return yaml_files.parse(path.read_bytes())
    except OSError as error:
        raise EngineFailed(f"sentences {path} cannot be read: {reason_of(error)}") from error
    except ValueError as error:
        raise EngineFailed(f"sentences {path} {error}") from error
