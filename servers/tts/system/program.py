"""A program of the operating system, run once within a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from satellite.errors import EngineFailed, EngineTimeout
from satellite.lib.platform.processes import end_group, own_group
from satellite.text.reason_of import reason_of

LONGEST = 1 << 20
"""Bytes that a program may print; a list of voices has some 10 kB."""
_GONE = 5.0
"""Seconds in which a killed program is gone."""


async def run(argv: Sequence[str], seconds: float, stdin: bytes = b"") -> tuple[int, str]:
    """Return the exit code of a program and what it printed, errors included.

    `stdin` is at most a pipe's content (4 kB). The program and its children are killed at the
    deadline and when the caller is cancelled. Raises `EngineFailed`, `EngineTimeout`.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            **own_group(),
        )
    except (OSError, ValueError) as error:
        raise EngineFailed(f"system: {argv[0]} cannot be started: {reason_of(error)}") from error
    try:
        async with asyncio.timeout(seconds):
            printed = await _communicate(process, stdin)
            return await process.wait(), printed.decode("utf-8", "replace")
    except TimeoutError as error:
        raise EngineTimeout(f"system: {argv[0]} took longer than {seconds:g} s") from error
    finally:
        await _end(process)


async def _communicate(process: asyncio.subprocess.Process, stdin: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(ConnectionError):  # it ended without reading
        process.stdin.write(stdin)
        process.stdin.close()
    printed = bytearray()
    while block := await process.stdout.read(1 << 16):
        printed += block
        if len(printed) > LONGEST:
            raise EngineFailed("system: the program prints without end")
    return bytes(printed)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill a program that still runs, and what it started."""
    end_group(process.pid, at_once=True)
    with suppress(TimeoutError):
        async with asyncio.timeout(_GONE):
            await process.wait()
