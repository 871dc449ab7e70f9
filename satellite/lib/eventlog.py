"""The event log: every event as one line of JSON, in a file or on standard output."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import stat
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec

from satellite.errors import UsageError
from satellite.events import Event
from satellite.lib.bus import Bus, Subscription
from satellite.lib.platform import files, users
from satellite.lib.worker import Worker
from satellite.text.printable import printable_json
from satellite.text.reason_of import reason_of

_LOGGER = logging.getLogger(__name__)

STANDARD_OUTPUT = "-"
DRAIN = 1.0
"""Seconds that the events still waiting may take to be written when the program ends."""
_PATIENCE = 0.1
"""Seconds between two looks whether a reader that does not read is still worth waiting for."""
_PIECE = 4096
"""Bytes that a pipe which has room takes without blocking (Linux PIPE_BUF, pipe(7))."""
_PRIVATE = 0o600
"""Mode of the file: it holds what was said."""
_FORMER = 0o644
"""Mode that earlier versions gave it; another one was chosen by the user."""


class Sink:
    """Where the lines go. Blocking, but never for longer than until `give_up`."""

    def __init__(self, target: str) -> None:
        """Open a file, emptying it, or a pipe, or standard output (`-`). Raises `UsageError`."""
        self._target = target
        self._given_up = False
        self._descriptor = -1
        try:
            self._descriptor = self._open()
        except OSError as error:
            reason = "no program reads from it" if error.errno == errno.ENXIO else error.strerror
            raise UsageError(f"cannot write events to {target}: {reason}") from error

    def write(self, event: Event) -> None:
        """Write one line. Raises `OSError`, `TimeoutError` when it was given up before it ended."""
        line = memoryview(printable_json(msgspec.json.encode(event)) + b"\n")
        while line:
            if self._given_up:
                raise TimeoutError("its reader does not read")
            if files.takes_more(self._descriptor, _PATIENCE):
                line = line[os.write(self._descriptor, line[:_PIECE]) :]

    def give_up(self) -> None:
        """End a `write` that waits for a reader, and all later ones."""
        self._given_up = True

    def close(self) -> None:
        """Close the file. Idempotent."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _open(self) -> int:
        if self._target == STANDARD_OUTPUT:
            sys.stdout.flush()
            return os.dup(sys.stdout.fileno())
        # otherwise, opening a named pipe would wait for its reader
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | files.NO_WAIT | files.CLOSE_ON_EXEC
        descriptor = os.open(self._target, flags, _PRIVATE)
        status = os.fstat(descriptor)
        ours = stat.S_ISREG(status.st_mode) and users.owns(status)
        if ours and stat.S_IMODE(status.st_mode) == _FORMER:
            files.set_mode(descriptor, _PRIVATE)
        return descriptor


@asynccontextmanager
async def recorded(bus: Bus, target: str | None) -> AsyncGenerator[None, None]:
    """Write every event published inside this block to `target`; to nowhere where it is None.

    The log is complete when the block ends, if it can be written within `DRAIN` seconds. A target
    that stops taking lines is left alone, with a warning. Raises `UsageError` when it cannot be
    opened.
    """
    if target is None:
        yield
        return
    sink, worker = Sink(target), Worker("event-log")
    try:
        async with asyncio.TaskGroup() as group, bus.subscribe("event log") as subscription:
            writer = group.create_task(_write(subscription, sink, worker, target))
            try:
                yield
            finally:
                subscription.end()
                _, late = await asyncio.wait([writer], timeout=DRAIN)
                if late:
                    _LOGGER.warning("event log %s: not read; the last events are missing", target)
                sink.give_up()
                writer.cancel()
    finally:
        sink.give_up()
        await worker.close()
        sink.close()


async def _write(subscription: Subscription, sink: Sink, worker: Worker, target: str) -> None:
    async for event in subscription:
        try:
            await worker.call(sink.write, event)
        except OSError as error:  # TimeoutError is one
            reason = reason_of(error)
            _LOGGER.warning("event log %s: %s; no more events are written", target, reason)
            break
    else:
        return
    async for _ in subscription:  # so that the bus does not report events that wait in vain
        pass
