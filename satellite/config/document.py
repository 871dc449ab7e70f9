"""A configuration file that preserves the comments, the order and the unknown keys in it."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from satellite.config import migration
from satellite.config.keys import find
from satellite.errors import ConfigError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

HEAD = """\
# Settings of this satellite. `satellite config` lists all settings and where each was set;
# `satellite setup` asks for the most important ones and leaves the rest of this file unchanged.
"""


class Document:
    """The content of a file; parsing it blocks."""

    def __init__(self, text: str = "", origin: str = "the configuration") -> None:
        """Parse a text, empty for a new file. Raises `ConfigError`."""
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        try:
            self._content: TOMLDocument = tomlkit.parse(text)
        except TOMLKitError as error:
            raise ConfigError([f"{origin}: is not TOML: {error}"]) from error
        self._head = "" if text else f"{HEAD}\n"

    @property
    def text(self) -> str:
        """The text to write into the file."""
        return self._head + self._content.as_string()

    @property
    def empty(self) -> bool:
        """Whether no setting is in it; there may be comments, such as an installer's."""
        return not self._content

    def get(self, path: str) -> Any:
        """Return the value of a setting; None if it is not in the file."""
        value: Any = self._content
        for name in path.split("."):
            if not isinstance(value, Mapping) or name not in value:
                return None
            value = value[name]
        return value.unwrap() if hasattr(value, "unwrap") else value

    def set(self, path: str, value: Any) -> bool:
        """Set a key, with a comment above a new one; return whether that changed anything."""
        import tomlkit

        value = list(value) if isinstance(value, tuple) else value
        if self.get(path) == value:
            return False
        table: MutableMapping[str, Any] = self._content
        *tables, name = path.split(".")
        for inner in tables:
            if inner not in table:
                table[inner] = tomlkit.table()
            table = table[inner]
        if name in table:
            table[name] = value
            return True
        item = tomlkit.item(value)
        item.trivia.indent = comment(path)
        table[name] = item
        return True

    def migrate(self) -> tuple[str, ...]:
        """Migrate to the current version; return the changes as text. Raises `ValueError`."""
        return migration.migrate(self._content)


def comment(path: str) -> str:
    """Return the comment above a key: its documentation and its unit."""
    if path == migration.KEY:
        return "# Version of the settings for which this file was written\n"
    key = find(path)
    if key is None:
        return ""
    unit = f", in {key.info.unit}" if key.info.unit else ""
    return f"# {key.info.doc}{unit}\n"
