"""Processes: groups of them, their priority, their signals."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

_LOWEST = 19
"""The lowest priority that Linux knows, nice(1)."""

RUN_VARIABLE = "SATELLITE_RUN"
"""Environment variable that marks everything that one run of a program starts, see `end_marked`."""

_ROUNDS = 20
"""Most searches of `end_marked`: what starts others faster than they are ended is left."""


def own_group() -> dict[str, Any]:
    """Return the arguments of `subprocess` with which a program gets a group of its own: Ctrl-C at
    our terminal does not reach it, and `end_group` finds its children."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def end_group(process: int, *, at_once: bool) -> None:
    """Ask a program of `own_group` and its children to end, or end them `at_once`.

    Windows knows no such request for programs without a window: both end them. A group that has
    ended, or that another user has taken over, is left alone.
    """
    if sys.platform == "win32":
        # the tree, as the program alone would leave its children behind
        subprocess.run(
            ["taskkill", "/F", "/T", "/PID", str(process)], capture_output=True, check=False
        )
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL if at_once else signal.SIGTERM)


def end_marked(mark: str) -> int:
    """End at once all processes that were started with this value of `RUN_VARIABLE`.

    Those in sessions of their own (setsid(2)) and those whose parent has ended are included.
    Returns their number.

    Finds processes of this user, by the environment that they were started with (proc(5)). A
    program that was started with another environment is not found. Only Linux can do this;
    elsewhere it does nothing.
    """
    if sys.platform != "linux":
        return 0
    sought, ended = f"{RUN_VARIABLE}={mark}".encode(), set[int]()
    for _ in range(_ROUNDS):
        found = set(_end_all(sought))
        if found <= ended:  # nothing has started since; a killed one may take a moment to go
            break
        ended |= found
    return len(ended)


def _end_all(sought: bytes) -> Iterator[int]:
    """End at once the processes whose environment holds this, and yield them."""
    if sys.platform != "linux":
        return
    own = os.getpid()
    for entry in os.listdir("/proc"):
        if not entry.isdecimal() or (pid := int(entry)) == own:
            continue
        with suppress(OSError):  # it has ended meanwhile, or belongs to another user
            process = os.pidfd_open(pid)  # whose number may be another one's once it has ended
            try:
                if sought in Path("/proc", entry, "environ").read_bytes().split(b"\0"):
                    signal.pidfd_send_signal(process, signal.SIGKILL)
                    yield pid
            finally:
                os.close(process)


def lower_own_priority(nice: int) -> None:
    """Lower the priority of this process by steps of nice(1)."""
    if sys.platform == "win32":
        return  # the program that starts another one would have to do it
    os.nice(nice)


def lower_priority(nice: int) -> None:
    """Run the calling thread, and the threads that libraries start on it later, at a priority
    `nice` steps (nice(1)) below that of the main thread. Only Linux has priorities for threads;
    elsewhere, and for 0, this does nothing."""
    if sys.platform == "linux" and nice:
        main = os.getpriority(os.PRIO_PROCESS, os.getpid())
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), min(main + nice, _LOWEST))


def on_reload(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Call a function at each SIGHUP, which asks for a reload, until `off_reload`.

    Does nothing where signals have no handlers: on Windows, and outside of the main thread.
    """
    if sys.platform != "win32":
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(signal.SIGHUP, call)


def off_reload(loop: asyncio.AbstractEventLoop) -> None:
    """Undo `on_reload`."""
    if sys.platform != "win32":
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.remove_signal_handler(signal.SIGHUP)


def has_terminal() -> bool:
    """Return whether this process has a terminal, which sends SIGHUP, too, when it is closed
    (tty(4)); never on Windows, where there is no such signal."""
    if sys.platform == "win32":
        return False
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def stop_this() -> None:
    """Ask this process to stop, as its service manager does."""
    signal.raise_signal(signal.SIGTERM)


def restore_signals() -> None:
    """Install the handlers of SIGINT and SIGTERM again that a library has replaced in C, unknown to
    Python. Does nothing outside of the main thread, which has them."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if handler is not None:
                signal.signal(number, handler)
