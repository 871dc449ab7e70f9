"""Configuration files on the disk: which one is written, whole or not at all, with a copy kept."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from satellite.config import load as config
from satellite.config import migration
from satellite.errors import SatelliteError
from satellite.lib import privileges
from satellite.setup.document import Document

_LOGGER = logging.getLogger(__name__)

MODE = 0o640
"""Of a file that is new: a configuration names hosts and people's rooms."""

SECRET = 0o600


def target() -> Path:
    """The file that is written where none is named: the last one that is read and exists; else the
    machine's for root, the user's for anybody else."""
    system, user = config.default_files()
    for file in (user, system):
        if file.exists():
            return file
    return system if privileges.root_owned() else user


def content(file: Path) -> str:
    """What stands in a file; nothing where there is none. Raises `SatelliteError`."""
    try:
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "is not UTF-8 text"
        raise SatelliteError(f"{file} cannot be read: {why}") from error


def replace(file: Path, text: str, copy: str = "old") -> Path | None:
    """Write a file, whole or not at all; return the copy of what was there, `FILE.COPY`.

    Owner and permissions stay as they were; one that is new belongs to whom its folder belongs.
    Raises `SatelliteError`.
    """
    with privileges.as_root():
        return _replace(file, text, copy)


def keep_secret(file: Path, text: str) -> None:
    """Write a file, whole or not at all, that only who uses it can read. Raises `SatelliteError`.

    That is the user that this runs as, and not root, which has written it for them.
    """
    with privileges.as_root() as user:
        _replace(file, text, "old", SECRET, user)


def _replace(
    file: Path, text: str, copy: str, mode: int = MODE, user: int | None = None
) -> Path | None:
    kept = file.with_name(f"{file.name}.{copy}") if file.exists() else None
    part = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if kept is not None:
            shutil.copy2(file, kept)
            _own(kept, file)
        number, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
        part = Path(name)
        with os.fdopen(number, "w", encoding="utf-8") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        part.chmod(file.stat().st_mode & 0o777 if kept is not None else mode)
        _own(part, file if kept is not None else file.parent)
        if user is not None and os.geteuid() == privileges.ROOT != user:
            os.chown(part, user, -1)
            part.chmod(mode)
        part.replace(file)
    except OSError as error:
        if part is not None:
            with suppress(OSError):
                part.unlink()
        raise SatelliteError(
            f"{file} cannot be written: {error.strerror}; name another with --output, or run it "
            "as the user whose file it is"
        ) from error
    return kept


def renew(files: Iterable[Path]) -> None:
    """Bring files of older versions up to date on the disk, a copy of each kept beside it.

    One that cannot be written, as below /etc for a service, is read as it was meant all the same.
    """
    for file in files:
        try:
            _renew(file)
        except SatelliteError as error:
            _LOGGER.info("%s is of an older version, and read as it was meant: %s", file, error)


def _renew(file: Path) -> None:
    text = content(file)
    if migration.current() == 1 or not text:
        return
    document = Document(text, f"file {file}")
    version = document.get(migration.KEY) or 1
    if version >= migration.current():
        return
    told = document.migrate()
    kept = replace(file, document.text, f"version-{version}")
    _LOGGER.info("%s is brought up to date; as it was, it is %s", file, kept)
    for line in told:
        _LOGGER.info("%s: %s", file, line)


def _own(file: Path, like: Path) -> None:
    """Give a file to whom another belongs, where root may do that."""
    if os.geteuid() == 0:
        status = like.stat()
        os.chown(file, status.st_uid, status.st_gid)
