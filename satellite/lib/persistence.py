"""What the satellite remembers over a restart: small typed values, each a file of its own."""

from __future__ import annotations

import logging
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import platformdirs

_LOGGER = logging.getLogger(__name__)

T = TypeVar("T")

LARGEST = 1024 * 1024
"""Bytes read of a file: what is longer was not written here."""


def folder() -> Path:
    """Where the files lie: the user's state folder, or systemd's `STATE_DIRECTORY`."""
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(given or platformdirs.user_state_dir("satellite"))


class StoredValue(Generic[T]):
    """One value by its name, of a type that msgspec knows. Blocks as long as a small file takes.

    A file is replaced whole, so that a power cut leaves what was there before or what came after.
    """

    def __init__(self, name: str, kind: type[T], default: T, within: Path | None = None) -> None:
        """The file is NAME.json `within` a folder, that of `folder()` where none is given."""
        self._file = (within or folder()) / f"{name}.json"
        self._kind = kind
        self._default = default

    def read(self) -> T:
        """The value, or the default where there is none that can be read, which is logged."""
        try:
            with self._file.open("rb") as file:
                content = file.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise msgspec.ValidationError(f"is longer than {LARGEST} bytes")
            return msgspec.json.decode(content, type=self._kind)
        except FileNotFoundError:
            return self._default
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            _LOGGER.warning("what was kept in %s is lost: %s", self._file, error)
            return self._default

    def write(self, value: T) -> None:
        """Keep a value; one that cannot be kept is logged, and holds until the program ends."""
        try:
            self._replace(msgspec.json.encode(value))
        except OSError as error:
            _LOGGER.warning("%s cannot be kept over a restart: %s", self._file, error)

    def _replace(self, content: bytes) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=self._file.parent, prefix=f".{self._file.name}-")
        part = Path(name)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._file)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
