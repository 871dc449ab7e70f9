"""Users, and the access of other users to their files.

Windows has neither numbers of users nor modes: there, the access lists of the user's own folders
keep others out.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

ROOT = 0

_UNKNOWN = -1
"""The number of every user where users have none."""


def caller() -> int:
    """Return the number of the user that started this process; -1 where users have none."""
    if sys.platform == "win32":
        return _UNKNOWN
    return os.getuid()


def effective() -> int:
    """Return the number of the user whose rights this process has now; -1 where users have none."""
    if sys.platform == "win32":
        return _UNKNOWN
    return os.geteuid()


def become(user: int) -> None:
    """Have the rights of a user in every thread, as only root may. Raises `OSError`."""
    if sys.platform != "win32":
        os.seteuid(user)


def give(file: Path | int, user: int, group: int = -1) -> None:
    """Change the owner of a file or an open file, as only root may; nothing where users have no
    numbers.

    Raises `OSError`.
    """
    if sys.platform != "win32":
        os.chown(file, user, group)


def owns(status: os.stat_result) -> bool:
    """Return whether a file belongs to the user whose rights this process has."""
    return sys.platform == "win32" or status.st_uid == effective()


def open_to_others(status: os.stat_result) -> int:
    """Return the bits of a file's mode that let other users in; 0 if there are none."""
    return 0 if sys.platform == "win32" else stat.S_IMODE(status.st_mode) & 0o077


def name() -> str:
    """Return the name of the user whose rights this process has, or the number."""
    if sys.platform == "win32":
        return os.environ.get("USERNAME", "USER")
    import pwd  # exists elsewhere alone

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def group_of(path: Path) -> str | None:
    """Return the name of the group of a file; None where it has none. Raises `OSError`."""
    if sys.platform == "win32":
        return None
    import grp  # exists elsewhere alone

    try:
        return grp.getgrgid(path.stat().st_gid).gr_name
    except KeyError:
        return None
