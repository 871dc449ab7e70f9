"""Who may read a file that this user may not, as a remedy for people."""

from __future__ import annotations

import getpass
import grp
from pathlib import Path


def remedy(file: Path) -> str:
    """What to do to read a file of an installation for the whole machine, for the end of a line.

    Its folder tells by its group, as the file itself may be out of sight.
    """
    try:
        group = grp.getgrgid(file.parent.stat().st_gid).gr_name
    except (OSError, KeyError):
        return "use sudo"
    if group == "root":
        return "use sudo"
    return f"use sudo, or join those who may (sudo usermod -aG {group} {_user()}, and log in again)"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return "USER"
