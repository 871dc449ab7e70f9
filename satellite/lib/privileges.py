"""Root's rights, for the few things that need them while everything else is done as another user.

Where a service is installed for the whole machine, root's command runs with the service's user as
its effective one: what it makes is the service's, and what it may is what the service may.
"""

from __future__ import annotations

import getpass
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from satellite.lib.platform import users
from satellite.lib.platform.users import ROOT

__all__ = ["ROOT", "as_root", "of_child", "remedy", "root_owned"]


def root_owned() -> bool:
    """Whether root called, and can have its rights."""
    return ROOT in (users.caller(), users.effective())


def of_child() -> int | None:
    """The user that a child process is given to have root's rights, as `subprocess` takes it; None
    where it has them anyway, or cannot have them."""
    return ROOT if users.caller() == ROOT != users.effective() else None


@contextmanager
def as_root() -> Generator[int, None, None]:
    """Have root's rights in this block, in every thread, where root called; the user otherwise."""
    user = users.effective()
    if of_child() is None:
        yield user
        return
    users.become(ROOT)
    try:
        yield user
    finally:
        users.become(user)


def remedy(file: Path) -> str:
    """What to do to read a file of an installation for the whole machine, for the end of a line.

    The group of its folder decides, as the file itself may be out of sight.
    """
    try:
        group = users.group_of(file.parent)
    except OSError:
        return "use sudo"
    if group is None or group == "root":
        return "use sudo"
    return f"use sudo, or join those who may (sudo usermod -aG {group} {_user()}, and log in again)"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return "USER"
