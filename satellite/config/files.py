"""Configuration files on the disk: the one to write, and its replacement with a copy."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from pathlib import Path

from satellite.config import load as config
from satellite.config import migration
from satellite.config.document import Document
from satellite.errors import SatelliteError
from satellite.lib import privileges, text_files
from satellite.lib.file_lock import locked
from satellite.lib.persistence import atomic_write
from satellite.lib.platform import users

_LOGGER = logging.getLogger(__name__)

MODE = 0o640
"""Permissions of a new file: a configuration names hosts and people's rooms."""

SECRET = 0o600
"""Permissions of a file with a secret."""


def target() -> Path:
    """Return the default file to write: the last one read that exists; otherwise the machine's for
    root, and the user's for other users."""
    system, user = config.default_files()
    for file in (user, system):
        if file.exists():
            return file
    return system if privileges.root_owned() else user


def content(file: Path) -> str:
    """Return the text of a file; empty if it does not exist. Raises `SatelliteError`."""
    try:
        return text_files.read_text(file)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "is not UTF-8 text"
        raise SatelliteError(f"{file} cannot be read: {why}") from error


@contextmanager
def changing(file: Path) -> Generator[None, None, None]:
    """Keep other programs from changing a file while this block reads, changes and replaces it.

    Blocks while another program does so. Raises `FileBusy` if that takes long, and `SatelliteError`
    for a file that cannot be written.
    """
    with ExitStack() as stack:
        try:
            with privileges.as_root():
                stack.enter_context(locked(file))
        except OSError as error:
            raise _unwritable(file, error) from error
        yield


def replace(file: Path, text: str, copy: str = "old") -> Path | None:
    """Replace a file atomically; return the copy of its previous content, `FILE.COPY`.

    Owner and permissions stay the same; a new file belongs to the owner of its folder. A text made
    from the present one takes `changing` around both. Raises `SatelliteError`.
    """
    with privileges.as_root():
        return _replace(file, text, copy)


def write_secret(file: Path, text: str) -> None:
    """Replace a file atomically that only its user can read. Raises `SatelliteError`.

    With root's rights, the file belongs to the effective user, such as that of the service.
    """
    with privileges.as_root() as user:
        _replace(file, text, "old", SECRET, user)


def _replace(
    file: Path, text: str, copy: str, mode: int = MODE, user: int | None = None
) -> Path | None:
    previous = file.with_name(f"{file.name}.{copy}") if file.exists() else None

    def give_owner(part: Path) -> None:
        _own(part, file if previous is not None else file.parent)
        if user is not None and users.effective() == privileges.ROOT != user:
            users.give(part, user)
            part.chmod(mode)

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if previous is not None:
            shutil.copy2(file, previous)
            _own(previous, file)
        permissions = file.stat().st_mode & 0o777 if previous is not None else mode
        atomic_write(file, text.encode(), permissions, prepare=give_owner)
    except OSError as error:
        raise _unwritable(file, error) from error
    return previous


def _unwritable(file: Path, error: OSError) -> SatelliteError:
    return SatelliteError(
        f"{file} cannot be written: {error.strerror}; choose another file with --output, or "
        "run this as the owner of the file"
    )


def migrate(files: Iterable[Path]) -> None:
    """Migrate files of older versions on the disk, each with a copy beside it.

    A file that cannot be written, such as one in /etc for a service, is migrated when it is read.
    """
    for file in files:
        try:
            if _is_old(file):
                with changing(file):
                    _migrate(file)
        except SatelliteError as error:
            _LOGGER.info("%s is of an older version and was migrated in memory: %s", file, error)


def _is_old(file: Path) -> bool:
    if migration.current() == 1:  # spares parsing at every start
        return False
    text = content(file)
    return bool(text) and _version(Document(text, f"file {file}")) < migration.current()


def _version(document: Document) -> int:
    return document.get(migration.KEY) or 1


def _migrate(file: Path) -> None:
    document = Document(content(file), f"file {file}")
    version = _version(document)
    if version >= migration.current():  # another program was faster
        return
    changes = document.migrate()
    copy = replace(file, document.text, f"version-{version}")
    _LOGGER.info("%s was migrated; its previous version is %s", file, copy)
    for change in changes:
        _LOGGER.info("%s: %s", file, change)


def _own(file: Path, like: Path) -> None:
    """Give a file the owner of another, if root runs this."""
    if users.effective() == privileges.ROOT:
        status = like.stat()
        users.give(file, status.st_uid, status.st_gid)
