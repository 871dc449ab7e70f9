"""A language pack: a folder of YAML files that holds all words and rules of one language.

A pack consists of parts, each a file that its reader checks: `language.yaml`, `names.yaml` and so
on (see README.md). A pack of a region has only what differs from the language that it inherits. A
folder of the same name among the user's own files extends a pack, or is one itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from satellite.errors import PluginBroken
from satellite.languages import codes
from satellite.lib import paths, yaml_files
from satellite.text.reason_of import reason_of

T = TypeVar("T")

GROUP = "satellite.language"
"""The entry points of packs: the language's code, and the package that is the folder."""

ENGLISH = "en"
"""The language of what a pack lacks, and of programs."""

_ABOUT = "language"
"""The part that every pack has."""


class Source(msgspec.Struct, frozen=True):
    """The content of one file of a part."""

    name: str
    content: dict[str, Any]


class Models(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Models that serve a language well, as `satellite models pull` takes them."""

    asr: str = ""
    llm: str = ""
    tts: str = ""


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The part `language`: the language itself."""

    name: str
    """The language's name for itself."""
    english: str
    """Its English name."""
    inherits: str = ""
    """Code of the pack that has everything that this one lacks."""
    test_sentence: str = ""
    """A sentence that shows how a voice sounds."""
    read_aloud: tuple[str, ...] = ()
    """Sentences of a few seconds with many sounds, to enroll a voice by."""
    models: Models = Models()
    plurals: dict[str, str] = {}
    """Plural rules by category, as CLDR writes them (see `satellite.languages.plurals`)."""


class Pack:
    """One language or region."""

    def __init__(self, code: str, folders: tuple[Traversable, ...], parent: Pack | None) -> None:
        """`folders` are the built-in one and the user's own, as far as they exist."""
        self.code = code
        self._folders = folders
        self._parent = parent
        self._parts: dict[str, dict[str, Any]] = {}

    @property
    def about(self) -> About:
        """The language itself. Raises `PluginBroken`."""
        return self.read(_ABOUT, About)

    def files(self, part: str) -> Iterator[Traversable]:
        """Yield the files of a part: those of the inherited pack first."""
        if self._parent is not None and part != _ABOUT:
            yield from self._parent.files(part)
        for folder in self._folders:
            if (file := folder / f"{part}.yaml").is_file():
                yield file

    def sources(self, part: str) -> Iterator[Source]:
        """Yield the contents of a part's files, likewise. Raises `PluginBroken`."""
        for file in self.files(part):
            try:
                yield Source(str(file), yaml_files.parse(file.read_bytes()))
            except (OSError, ValueError) as error:
                raise PluginBroken(f"language pack {self.code}: {file}: {error}") from error

    def part(self, name: str) -> dict[str, Any]:
        """Return a part's content, empty if no file has it. Raises `PluginBroken`.

        Mappings are merged; of everything else, the region's value replaces the language's.
        """
        if name not in self._parts:
            merged: dict[str, Any] = {}
            for source in self.sources(name):
                merged = merge(merged, source.content)
            self._parts[name] = merged
        return self._parts[name]

    def read(self, name: str, kind: type[T]) -> T:
        """Return a part as the type of its reader. Raises `PluginBroken` for an invalid one."""
        try:
            return msgspec.convert(self.part(name), kind)
        except msgspec.ValidationError as error:
            raise PluginBroken(f"language pack {self.code}: {name}.yaml: {error}") from error


class Packs:
    """The packs of this installation, each read when it is first needed."""

    def __init__(self, entries: Mapping[str, EntryPoint], own: Path) -> None:
        """`entries` are the built-in packs and those of plugins, `own` the user's folder."""
        self._entries = entries
        self._own = own
        self._packs: dict[str, Pack] = {}
        self._making: set[str] = set()
        """Packs whose parents are being found."""

    def installed(self) -> tuple[str, ...]:
        """Return the codes of all packs."""
        return tuple(sorted({*self._entries, *self._own_folders()}))

    def find(self, language: str) -> Pack | None:
        """Return the pack of a language such as `de`, `pt-BR` or `zh-Hant-TW`; None without one.

        Prefers the pack of the region to that of the language. Raises `PluginBroken`.
        """
        known = {codes.plain(code): code for code in self.installed()}
        parts = codes.plain(language).split("-")
        for size in range(len(parts), 0, -1):
            code = "-".join(parts[:size])
            found = known.get(code) or known.get(codes.WRITTEN_IN.get(code, ""))
            if found is not None:
                return self._pack(found)
        other = codes.find(language, known)
        return self._pack(known[other]) if other else None

    def _pack(self, code: str) -> Pack:
        if code not in self._packs:
            self._packs[code] = self._made(code)
        return self._packs[code]

    def _made(self, code: str) -> Pack:
        folders: list[Traversable] = []
        if (entry := self._entries.get(code)) is not None:
            folders.append(_folder(entry))
        if (own := self._own_folders().get(code)) is not None:
            folders.append(own)
        alone = Pack(code, tuple(folders), None)
        if not (parent := alone.about.inherits):
            return alone
        if code in self._making:
            raise PluginBroken(f"language pack {code}: language.yaml: it inherits itself")
        self._making.add(code)
        try:
            return Pack(code, tuple(folders), self._pack(parent))
        finally:
            self._making.discard(code)

    def _own_folders(self) -> dict[str, Path]:
        try:
            return {path.name: path for path in self._own.iterdir() if path.is_dir()}
        except OSError:  # as a rule, there are none
            return {}


def installed() -> tuple[str, ...]:
    """Return the codes of all packs."""
    return _packs().installed()


def find(language: str) -> Pack | None:
    """Return the pack of a language; None without one. Raises `PluginBroken`."""
    return _packs().find(language)


def pack(language: str | None) -> Pack:
    """Return the pack of a language, or the English one. Raises `PluginBroken`."""
    found = find(language) if language else None
    found = found or find(ENGLISH)
    assert found is not None  # it is built in
    return found


@cache
def _packs() -> Packs:
    entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    return Packs(entries, paths.data_folder() / "languages")


def _folder(entry: EntryPoint) -> Traversable:
    try:
        folder = files(entry.value)
        if not (folder / f"{_ABOUT}.yaml").is_file():
            raise PluginBroken(f"language pack {entry.name}: {entry.value} has no {_ABOUT}.yaml")
    except (ImportError, OSError, TypeError) as error:
        raise PluginBroken(f"language pack {entry.name}: {reason_of(error)}") from error
    return folder


def merge(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return two mappings as one; of everything but mappings, the second's value is taken."""
    merged = dict(first)
    for key, value in second.items():
        before = merged.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            value = merge(before, value)
        merged[key] = value
    return merged
