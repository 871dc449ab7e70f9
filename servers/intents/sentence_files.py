"""The YAML files of sentences: the built-in ones and the user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from satellite.errors import EngineFailed
from satellite.lib import text_files
from satellite.text.quoted import quoted
from satellite.text.reason_of import reason_of


class Source(msgspec.Struct, frozen=True):
    """The content of a file of sentences."""

    name: str
    content: dict[str, Any]


def languages() -> tuple[str, ...]:
    """Return the built-in languages."""
    folder = files("servers.intents")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".yaml")))


def base_language(language: str) -> str:
    """Return a language without its region: "en" for "en-US"."""
    return language.replace("_", "-").split("-")[0].lower()


def read_all(language: str, folder: str | Path = "") -> Iterator[Source]:
    """Yield the built-in file of `language`, then the user's: `*.yaml` and `<language>/*.yaml`.

    Skips files for other languages (by their key `language`). Raises `EngineFailed`.
    """
    built_in = files("servers.intents") / f"{language}.yaml"
    if language in languages():
        yield Source(built_in.name, _parse(built_in.name, built_in.read_text("utf-8")))
    if not folder:
        return
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise EngineFailed(f"sentences: {root} is not a folder")
    for path in sorted([*root.glob("*.yaml"), *(root / language).glob("*.yaml")]):
        source = Source(str(path), _parse(str(path), _text(path)))
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


def _text(path: Path) -> str:
    try:
        return text_files.read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise EngineFailed(f"sentences {path} cannot be read: {reason_of(error)}") from error


def _parse(name: str, text: str) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(text, loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date of month 13, deep lists
        problem = " ".join(str(error).split())
        raise EngineFailed(f"sentences {name} is not YAML: {problem}") from error
    if not isinstance(content, Mapping):
        raise EngineFailed(
            f"sentences {name}: expected keys such as intents, found {quoted(content, 40)}"
        )
    return dict(content)
