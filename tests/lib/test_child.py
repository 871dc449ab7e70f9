"""Programs that are ended, with all that they have started."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from satellite.lib.child import Child
from satellite.lib.platform.processes import end_marked

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux shows the environment of a process"
)

DAEMON = """\
import os, sys, time
if not os.fork():
    os.setsid()
    if not os.fork():
        with open(sys.argv[1] + ".new", "w") as file:
            file.write(str(os.getpid()))
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        time.sleep(1000)
    os._exit(0)
"""
"""Starts a daemon as daemon(7) describes it: in a session of its own, without a parent."""
CLOSING = DAEMON.replace("        os.rename", "        os.closerange(0, 3)\n        os.rename")
"""One that has closed what it inherited."""
HANGS = f"{DAEMON}time.sleep(1000)\n"
WAITS = "while not os.path.exists(sys.argv[1]): time.sleep(0.01)\n"


async def until_gone(process: int) -> None:
    """Wait for the end of a process. It need not be ours, nor have a parent that waits for it."""
    async with asyncio.timeout(20):
        while True:
            try:
                if psutil.Process(process).status() == psutil.STATUS_ZOMBIE:
                    return
            except psutil.NoSuchProcess:
                return
            await asyncio.sleep(0.01)


async def running(text: str, note: Path) -> tuple[Child, int]:
    """Start a program, and return it with the number of its daemon."""
    child = Child("program", lambda line: None)
    await child.start([sys.executable, "-c", text, str(note)], stdin=True)
    async with asyncio.timeout(60):
        while not note.exists():
            await asyncio.sleep(0.01)
    return child, int(note.read_text())


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_daemon_ends_with_the_program_that_is_ended(tmp_path: Path, at_once: bool) -> None:
    child, daemon = await running(HANGS, tmp_path / "daemon")
    assert os.getsid(daemon) != os.getsid(0)
    await child.end(at_once=at_once)
    await until_gone(daemon)


async def test_a_daemon_that_holds_the_pipes_ends_with_the_program(tmp_path: Path) -> None:
    """It would hold up each run of a hook to its limit."""
    child, daemon = await running(DAEMON + WAITS, tmp_path / "daemon")
    async with asyncio.timeout(60):
        await child.wait()
    await child.end(at_once=True)
    await until_gone(daemon)


async def test_a_daemon_of_a_program_that_ends_by_itself_is_left(tmp_path: Path) -> None:
    child, daemon = await running(CLOSING + WAITS, tmp_path / "daemon")
    try:
        async with asyncio.timeout(60):
            await child.wait_gone()
        await child.end(at_once=True)
        assert psutil.Process(daemon).status() != psutil.STATUS_ZOMBIE
    finally:
        os.kill(daemon, signal.SIGKILL)


async def test_programs_of_other_runs_are_left(tmp_path: Path) -> None:
    first, daemon = await running(HANGS, tmp_path / "first")
    second, other = await running(HANGS, tmp_path / "second")
    await first.end(at_once=True)
    await until_gone(daemon)
    assert psutil.Process(other).status() != psutil.STATUS_ZOMBIE
    assert end_marked("no such run") == 0
    await second.end(at_once=True)
    await until_gone(other)
