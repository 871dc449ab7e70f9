"""A lock beside a file that several programs read, change and write."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from satellite.errors import SatelliteError
from satellite.lib.platform import users
from satellite.lib.platform.files import NO_LINKS, NO_WAIT, set_mode
from satellite.lib.platform.locks import lock

PATIENCE = 10.0
"""Seconds to wait for other programs, which need some milliseconds for a change."""

_OPEN = os.O_RDWR | NO_LINKS | NO_WAIT
_TRIES = 3
"""Lock files that may be replaced while this program opens them."""


class FileBusy(SatelliteError):
    """Another program has had a file locked for longer than a change takes."""

    code = "file-busy"


@contextmanager
def locked(file: Path, patience: float | None = None) -> Generator[None, None, None]:
    """Be the only program that changes a file in this block, which must not lock it again.

    Waits `patience` seconds at most, by default `PATIENCE`. The lock is the file `.NAME.lock`
    beside it, whose folder is created if necessary; it stays, and the kernel frees it with the
    process that holds it. Raises `FileBusy`, and `OSError` for a folder that cannot be written.
    """
    patience = PATIENCE if patience is None else patience
    file.parent.mkdir(parents=True, exist_ok=True)
    path = file.with_name(f".{file.name}.lock")
    for _ in range(_TRIES):
        descriptor = _opened(path)
        try:
            if not lock(descriptor, patience):
                break
            if not _is(path, descriptor):
                continue
            yield
            return
        finally:
            os.close(descriptor)
    raise FileBusy(
        f"{file} is being changed by another program, which has not finished within "
        f"{patience:g} s: try again, or end that program (it holds {path})"
    )


def _opened(path: Path) -> int:
    with suppress(FileNotFoundError):
        try:
            return os.open(path, _OPEN)
        except PermissionError:
            # another user's, such as root's from a copied folder: those who may write the folder
            # may replace it, and a program that waits for it sees that (`_is`)
            path.unlink(missing_ok=True)
    try:
        descriptor = os.open(path, _OPEN | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another program was faster
        return os.open(path, _OPEN)
    try:
        _share(descriptor, path.parent.stat())
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _share(descriptor: int, folder: os.stat_result) -> None:
    """Let those who may write the folder lock a new file in it."""
    # only a file that was made here is given away: any other could be a link to another file
    if users.effective() == users.ROOT:
        users.give(descriptor, folder.st_uid, folder.st_gid)
    if folder.st_mode & stat.S_IWGRP:
        set_mode(descriptor, 0o660)


def _is(path: Path, descriptor: int) -> bool:
    """Return whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(descriptor))
    except FileNotFoundError:
        return False
