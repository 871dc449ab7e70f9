"""The configuration file, as programs change it: values are checked before they are written."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from satellite.config import files, migration
from satellite.config.document import Document
from satellite.config.keys import Key, find, keys, unknown
from satellite.config.load import Configuration
from satellite.errors import ConfigError

Load = Callable[[Mapping[Path, Path]], Configuration]
"""Reads the configuration, with other files in place of some. Raises `ConfigError`."""

MOST = 200
"""Settings that are changed at once: more than a page shows."""


class Saved(msgspec.Struct, frozen=True):
    """What was written."""

    changed: tuple[str, ...]
    copy: Path | None
    """The file's previous content; None where nothing was replaced."""


class SettingsFile:
    """One file and the layers around it. Everything here blocks."""

    def __init__(self, path: Path, load: Load) -> None:
        """`path` is the file that is written, which need not exist."""
        self.path = path
        self._load = load

    def effective(self) -> list[tuple[Key, Any, str]]:
        """Return every setting with its value and its origin. Raises `ConfigError`."""
        return self._load({}).effective()

    def problems(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Return what is wrong with the configuration, once these values are in the file."""
        try:
            self._checked(values)
        except ConfigError as error:
            return error.problems
        return ()

    def save(self, values: Mapping[str, Any]) -> Saved:
        """Write values into the file; its comments, order and other keys stay.

        Other programs that change the file meanwhile wait, and lose nothing. Raises `ConfigError`
        for values that are wrong, which are not written, `FileBusy` for a file that another program
        changes for long, and `SatelliteError` for one that cannot be written.
        """
        _, wanted = self._checked(values)
        if not wanted:
            return Saved((), None)
        with files.changing(self.path):
            document, changed = self._checked(values)
            copy = files.replace(self.path, document.text) if changed else None
        return Saved(changed, copy)

    def change(self, values: Mapping[str, Any]) -> Saved:
        """Write values into the file, unless it has no effect on one of them.

        Raises as `save`, and `ConfigError` for those that a flag or the environment sets.
        """
        fixed = [
            f"{key.path}: a flag or the environment sets it"
            for key, _, origin in self.effective()
            if key.path in values and origin.startswith(("flag ", "environment "))
        ]
        if fixed:
            raise ConfigError(fixed)
        return self.save(values)

    def _checked(self, values: Mapping[str, Any]) -> tuple[Document, tuple[str, ...]]:
        if len(values) > MOST:
            raise ConfigError([f"{len(values)} settings: change at most {MOST} at once"])
        wrong = [unknown(path[:80], list(keys())) for path in values if find(path) is None]
        wrong += [f"{path} is null: name a value" for path in values if values[path] is None]
        if wrong:
            raise ConfigError(wrong)
        document = Document(files.content(self.path), f"file {self.path}")
        try:
            document.migrate()
        except ValueError as error:
            raise ConfigError([f"file {self.path}: {error}"]) from error
        if document.empty:
            document.set(migration.KEY, migration.current())
        changed = tuple(path for path, value in values.items() if document.set(path, value))
        self._check(document.text)
        return document, changed

    def _check(self, text: str) -> None:
        """Raise `ConfigError` where the configuration would be wrong with this text in the file."""
        with tempfile.TemporaryDirectory(prefix="satellite-") as folder:
            trial = Path(folder) / self.path.name
            trial.write_text(text, "utf-8")
            try:
                self._load({self.path: trial})
            except ConfigError as error:
                problems = [text.replace(str(trial), str(self.path)) for text in error.problems]
                raise ConfigError(problems) from error
