"""Blocking work on daemon threads, which may hang in a driver or a disk without harm."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from threading import Thread
from typing import TypeVar

import msgspec

from satellite.lib import privileges

T = TypeVar("T")

PROGRAM = 5.0
"""Seconds for a small program such as pactl to end."""


class Answer(msgspec.Struct, frozen=True):
    """The result of a program."""

    code: int
    output: str
    errors: str

    @property
    def complaint(self) -> str:
        """The last line on standard error, or the exit code."""
        lines = self.errors.strip().splitlines()
        return lines[-1].strip() if lines else f"ended with status {self.code}"


async def run_in_daemon_thread(
    function: Callable[[], T],
    *,
    name: str = "blocking",
    undo: Callable[[T], None] | None = None,
) -> T:
    """Run blocking work on a daemon thread of this name.

    A caller that is cancelled does not wait for the thread; `undo`, on a thread of its own, then
    gets the result.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if not future.done():
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]  # no error, so a result
        elif error is None and undo is not None:
            Thread(target=undo, args=(result,), name=f"{name}-undo", daemon=True).start()

    def run() -> None:
        result, error = None, None
        try:
            result = function()
        except BaseException as raised:  # delivered to the caller, whatever it is
            error = raised
        with suppress(RuntimeError):  # the loop has ended, and its caller with it
            loop.call_soon_threadsafe(settle, result, error)

    # not an executor's thread: the interpreter would wait at its end for one that hangs
    Thread(target=run, name=name, daemon=True).start()
    return await future


async def program(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    seconds: float = PROGRAM,
    root: bool = False,
) -> Answer | None:
    """Run a program, in English, until it ends within `seconds`; None if it is missing or does not.

    With `root`, it has root's rights where this process was started by root.
    """
    path = shutil.which(argv[0]) or shutil.which(argv[0], path="/usr/sbin:/sbin:/usr/local/sbin")
    if path is None:
        return None

    def run() -> Answer | None:
        try:
            done = subprocess.run(
                [path, *argv[1:]],
                env={**os.environ, "LC_ALL": "C", **(environment or {})},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
                user=privileges.of_child() if root else None,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return Answer(done.returncode, done.stdout, done.stderr)

    return await run_in_daemon_thread(run)
