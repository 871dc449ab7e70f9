"""Files: flags for opening, folders on the disk, file systems."""

from __future__ import annotations

import os
import select
import shutil
import sys
from pathlib import Path

import msgspec

if sys.platform == "win32":
    CLOSE_ON_EXEC = os.O_NOINHERIT | os.O_BINARY
    NO_LINKS = NO_WAIT = 0
else:
    CLOSE_ON_EXEC = os.O_CLOEXEC
    """A flag of `os.open`: programs that this process starts do not get the file."""
    NO_LINKS = os.O_NOFOLLOW
    """A flag of `os.open`: the file is no symbolic link. Windows lets only administrators make
    links."""
    NO_WAIT = os.O_NONBLOCK
    """A flag of `os.open`: a named pipe without a reader is an error (ENXIO)."""


def sync_folder(folder: Path) -> None:
    """Write a folder's entries to the disk, so that its files keep their names after a power cut.

    Does nothing on Windows, which cannot. Raises `OSError`.
    """
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def set_mode(descriptor: int, mode: int) -> None:
    """Set the mode of an open file; nothing on Windows, which has none. Raises `OSError`."""
    if sys.platform != "win32":
        os.fchmod(descriptor, mode)


def control(descriptor: int, request: int, argument: bytes) -> None:
    """Send a request to the driver of a device file (ioctl(2)). Raises `OSError`."""
    if sys.platform == "win32":
        raise OSError("Windows has no device files")
    import fcntl  # exists elsewhere alone

    fcntl.ioctl(descriptor, request, argument)


def takes_more(descriptor: int, seconds: float) -> bool:
    """Return whether a file or pipe takes bytes within a time. Windows cannot ask: it is true."""
    if sys.platform == "win32":
        return True
    return bool(select.select([], [descriptor], [], seconds)[1])


class FileSystem(msgspec.Struct, frozen=True):
    """The space that a file system has left."""

    free: int
    """Bytes that this user may still write."""
    read_only: bool = False
    full_of_files: bool = False
    """Whether it takes no further file, however small."""


def file_system(folder: Path) -> FileSystem:
    """Return the state of the file system of a folder. Raises `OSError`."""
    if sys.platform == "win32":
        return FileSystem(shutil.disk_usage(folder).free)
    status = os.statvfs(folder)
    return FileSystem(
        status.f_bavail * status.f_frsize,
        bool(status.f_flag & os.ST_RDONLY),
        bool(status.f_files and not status.f_favail),
    )
