"""The program in a process that takes itself for Windows: without POSIX.

    python -m tests.support.without_posix FILE ARGUMENT...
    python -m tests.support.without_posix FILE --import-everything

The libraries are imported first, as they are of this system; FILE lists them, and is written by a
usual run where it does not exist. What is imported from then on, the whole program, finds
`sys.platform` to be win32. It is no Windows: paths, pipes and sockets stay those of this system.
"""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import importlib
import os
import pkgutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace

MODULES = (
    "curses",
    "fcntl",
    "grp",
    "pty",
    "pwd",
    "readline",
    "resource",
    "syslog",
    "termios",
    "tty",
)
NAMES: tuple[tuple[ModuleType, str], ...] = (
    (os, "O_CLOEXEC O_DIRECTORY O_NOCTTY O_NOFOLLOW O_NONBLOCK ST_RDONLY chown fchmod fchown"),
    (os, "getegid geteuid getgid getpriority getuid killpg nice sched_getaffinity seteuid"),
    (os, "setpriority setsid statvfs sysconf"),
    (time, "CLOCK_BOOTTIME CLOCK_MONOTONIC clock_gettime tzset"),
    (signal, "SIGHUP SIGKILL"),
    (asyncio, "open_unix_connection start_unix_server"),
)
PACKAGES = ("satellite", "servers")
OURS = (*PACKAGES, "tests", "__main__")


def main(file: Path, *arguments: str) -> None:
    """Run the program with arguments."""
    if file.exists():
        for name in file.read_text().split():
            with suppress(Exception):  # some modules want to be imported by others
                importlib.import_module(name)
        become_windows()
    else:
        atexit.register(lambda: file.write_text("\n".join(libraries())))
    if arguments == ("--import-everything",):
        sys.stdout.write("".join(f"{line}\n" for line in import_everything()))
        return
    sys.argv = ["satellite", *arguments]
    from satellite.__main__ import main as run

    run()


def import_everything() -> list[str]:
    """Import every module of the program; return their names, those that failed with the reason."""
    names = [
        module.name
        for package in PACKAGES
        for module in pkgutil.walk_packages(
            importlib.import_module(package).__path__, f"{package}.", onerror=lambda name: None
        )
    ]
    return [*PACKAGES, *(f"{name}{_import(name)}" for name in names)]


def _import(name: str) -> str:
    """Import a module; return why that failed, or nothing."""
    try:
        importlib.import_module(name)
    except Exception as error:
        return f": {type(error).__name__}: {error}"
    return ""


def libraries() -> list[str]:
    """Return the imported modules that are not the program's."""
    return [name for name in sys.modules if name.partition(".")[0] not in OURS]


def become_windows() -> None:
    """Take away what Windows lacks, and add what the program uses there."""
    sys.platform = "win32"
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # an import of it fails
    for module, names in NAMES:
        for name in names.split():
            vars(module).pop(name, None)
    vars(os).update(O_BINARY=0, O_NOINHERIT=0)
    vars(subprocess).update(CREATE_NEW_PROCESS_GROUP=0)
    console = ModuleType("msvcrt")
    vars(console).update(LK_NBLCK=2, locking=lambda descriptor, mode, count: None)
    sys.modules["msvcrt"] = console
    kernel = SimpleNamespace(GlobalMemoryStatusEx=lambda status: 0)
    vars(ctypes).update(windll=SimpleNamespace(kernel32=kernel))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
