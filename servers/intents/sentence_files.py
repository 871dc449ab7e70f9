"""The YAML files of sentences: the built-in ones and the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from satellite.errors import EngineFailed
from satellite.languages import pack
from satellite.languages.pack import Source
from satellite.lib import yaml_files
from satellite.text.reason_of import reason_of

PARTS = ("sentences", "answers")
"""The parts of a language pack that make a brain."""


def languages() -> tuple[str, ...]:
    """Return the languages whose packs have sentences."""
    return tuple(code for code in pack.installed() if _has_sentences(code))


def _has_sentences(code: str) -> bool:
    found = pack.find(code)
    return found is not None and bool(found.part(PARTS[0]))


def base_language(language: str) -> str:
    """Return a language without its region: "en" for "en-US"."""
    return language.replace("_", "-").split("-")[0].lower()


def read_all(language: str, folder: str | Path = "") -> Iterator[Source]:
    """Yield the files of a language's pack, then the user's: `*.yaml` and `<language>/*.yaml`.

    Skips files for other languages (by their key `language`). Raises `EngineFailed`.
    """
    if (built_in := pack.find(language)) is not None:
        for part in PARTS:
            yield from built_in.sources(part)
    if not folder:
        return
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise EngineFailed(f"sentences: {root} is not a folder")
    for path in sorted([*root.glob("*.yaml"), *(root / language).glob("*.yaml")]):
        source = Source(str(path), _content(path))
        if base_language(str(source.content.get("language", language))) == language:
            yield source


def merge(sources: list[Source]) -> dict[str, Any]:
    """Merge files: collects all sentences; of everything else, the last file takes precedence."""
    from hassil.util import merge_dict

    result: dict[str, Any] = {}
    for source in sources:
        try:
            merge_dict(result, source.content)
        except AssertionError as error:  # hassil raises it if a list meets a mapping
            raise EngineFailed(f"sentences {source.name}: {error}") from error
    return result


def _content(path: Path) -> dict[str, Any]:
    try:
        return yaml_files.parse(path.read_bytes())
    except OSError as error:
        raise EngineFailed(f"sentences {path} cannot be read: {reason_of(error)}") from error
    except ValueError as error:
        raise EngineFailed(f"sentences {path} {error}") from error
