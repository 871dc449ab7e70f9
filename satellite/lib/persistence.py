"""Files that survive a power cut, and small typed values in them."""

from __future__ import annotations

import glob
import logging
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar, cast, get_args, get_origin

import msgspec

from satellite.lib import paths
from satellite.lib.decoding import Undecodable, from_json
from satellite.lib.file_lock import locked
from satellite.lib.platform.files import sync_folder
from satellite.text.reason_of import reason_of

_LOGGER = logging.getLogger(__name__)

T = TypeVar("T")

PRIVATE = 0o600
"""Mode of a file that only its owner can read."""

LARGEST = 4 * 1024 * 1024
"""Bytes of a stored value, read and written: twice as much as the most timers and alarms, with the
longest texts, of characters that JSON escapes."""

ASIDE = 3
"""Files that could not be used and remain beside one that is."""


def atomic_write(
    path: Path,
    content: bytes,
    mode: int = PRIVATE,
    *,
    prepare: Callable[[Path], None] = lambda part: None,
) -> None:
    """Replace a file atomically; blocks until it is on the disk. Raises `OSError`.

    After a power cut the file holds what it held before, or all of `content`. Its folder is created
    if necessary. `prepare` gets the new file before it takes the old one's place, to set its owner.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp creates the file for its owner alone, and follows no symbolic link
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(mode)
        prepare(part)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    with suppress(OSError):  # the file is in place; not every network file system can sync folders
        sync_folder(path.parent)


class StoredValue(Generic[T]):
    """One value of a type that msgspec knows, in a file of its own.

    What is written can be read again, and a file that cannot be used is set aside, less what of it
    can be. Limits of values belong into the type: `msgspec.Meta`, or `__post_init__`, which raises
    `ValueError`. Reading and writing block for as long as a small file takes.
    """

    def __init__(self, name: str, kind: type[T], default: T, within: Path | None = None) -> None:
        """The file is NAME.json in the folder `within`, by default `paths.state_folder()`."""
        self.file = (within or paths.state_folder()) / f"{name}.json"
        """Where it is stored."""
        self.kind = kind
        """Its type."""
        self._default = default

    @classmethod
    def for_satellite(
        cls, prefix: str, satellite: str, kind: type[T], default: T
    ) -> StoredValue[T]:
        """Return the value of one satellite; others on the same machine have their own."""
        return cls(paths.named_after(prefix, satellite), kind, default)

    def read(self) -> T:
        """Return the value, or as much of it as can be used; the default if there is none.

        A file of which something cannot be used is copied beside itself first, and logged.
        """
        try:
            with self.file.open("rb") as file:
                content = file.read(LARGEST + 1)
        except FileNotFoundError:
            return self._default
        except OSError as error:
            _LOGGER.warning("%s cannot be read: %s", self.file, reason_of(error))
            return self._default
        try:
            if len(content) > LARGEST:
                raise Undecodable(f"it is longer than {LARGEST} bytes")
            return from_json(content, self.kind)
        except Undecodable as error:
            return self._salvaged(content, error)

    def write(self, value: T) -> None:
        """Store a value; a failure is logged, and the value is then lost at the next restart.

        A value that could not be read again is not written: the file stays as it was.
        """
        try:
            content = msgspec.json.encode(value)
            if len(content) > LARGEST:
                raise Undecodable(f"it is longer than {LARGEST} bytes")
            from_json(content, self.kind)
            atomic_write(self.file, content)
        except (OSError, TypeError, ValueError) as error:
            _LOGGER.warning("%s cannot be stored over a restart: %s", self.file, reason_of(error))

    def change(self, changed: Callable[[T], T]) -> T:
        """Store what `changed` makes of the value, and return it; no other program changes the
        value meanwhile.

        A failure to store it is logged, as by `write`. Raises `FileBusy`, and as `changed` does.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(self.file))
            except OSError as error:
                _LOGGER.warning(
                    "%s cannot be stored over a restart: %s", self.file, reason_of(error)
                )
                return changed(self.read())
            before = self.read()
            value = changed(before)
            if value != before:
                self.write(value)
            return value

    def _salvaged(self, content: bytes, problem: Undecodable) -> T:
        """Set a file aside; return what of it can be used, which takes its place."""
        try:
            value = usable_part(from_json(content[: LARGEST + 1]), self.kind)
        except Undecodable:
            value = self._default
        else:
            value = self._default if value is NOTHING else value
        try:
            aside = _set_aside(self.file, content)
        except OSError as error:
            _LOGGER.warning(
                "%s cannot be used (%s), nor set aside: %s", self.file, problem, reason_of(error)
            )
            return cast(T, value)
        self.write(cast(T, value))
        _LOGGER.warning(
            "%s cannot be used as it is: %s; what can be used is, the whole of it is in %s",
            *(self.file, problem, aside),
        )
        return cast(T, value)


def _set_aside(file: Path, content: bytes) -> Path:
    """Write what a file holds into a file beside it, of which the newest remain."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    aside = file.with_name(f"{file.name}.unusable-{stamp}")
    atomic_write(aside, content)
    for old in sorted(file.parent.glob(f"{glob.escape(file.name)}.unusable-*"))[:-ASIDE]:
        old.unlink(missing_ok=True)
    return aside


NOTHING: Any = object()
"""Stands for no value at all, in `usable_part`."""


def usable_part(value: Any, kind: Any) -> Any:
    """Return as much of a decoded value as fits a type; `NOTHING` if nothing does.

    Fields of a struct, and entries of a tuple, a list or a table, are judged one by one: those that
    do not fit are left out, and fields without a default take their struct with them.
    """
    with suppress(msgspec.ValidationError, ValueError, OverflowError, RecursionError):
        return msgspec.convert(value, kind)
    limit: int | None = None
    if get_origin(kind) is Annotated:
        kind, *notes = get_args(kind)
        limits = [note.max_length for note in notes if isinstance(note, msgspec.Meta)]
        limit = next((most for most in limits if most is not None), None)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        return _usable_struct(value, kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (tuple, list) and isinstance(value, list):
        parts = [usable_part(part, arguments[0]) for part in value]
        return origin([part for part in parts if part is not NOTHING][:limit])
    if origin is dict and isinstance(value, dict):
        entries = [
            (usable_part(key, arguments[0]), usable_part(part, arguments[1]))
            for key, part in value.items()
        ]
        usable = [entry for entry in entries if all(part is not NOTHING for part in entry)]
        return dict(usable[:limit])
    return NOTHING


def _usable_struct(value: dict[str, Any], kind: type[msgspec.Struct]) -> Any:
    fields = {}
    for field in msgspec.structs.fields(kind):
        part = value.get(field.encode_name, NOTHING)
        if part is not NOTHING:
            part = usable_part(part, field.type)
        if part is not NOTHING:
            fields[field.name] = part
        elif field.required:
            return NOTHING
    with suppress(TypeError, ValueError):
        return kind(**fields)
    return NOTHING
