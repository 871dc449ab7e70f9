"""A program that records or plays, as a child process whose pipes cannot overflow."""

from __future__ import annotations

import asyncio
import os
import secrets
import shlex
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from satellite.errors import DeviceMissing
from satellite.lib.platform import processes
from satellite.text.quoted import quoted

_BUFFER = 32 * 1024
"""Bytes read ahead from the program: a second at 16 kHz. Then its pipe fills, and it waits."""

_TERMINATE = 0.5
"""Seconds between the request to end and the order; with `_KILL`, within a second altogether."""
_KILL = 0.5
"""Seconds in which a killed program is gone; only one stuck in the kernel takes longer."""

_LINE = 400
"""Characters kept of a line of the program's complaints."""


class Child(asyncio.SubprocessProtocol):
    """One run of a program, in a session of its own so that its own children end with it.

    What has begun another session (`setsid`, daemons) ends with a program that is ended. A program
    that ends by itself leaves it behind, unless it holds the pipes of that program. It is found by
    a variable of its environment, on Linux only.

    `on_line` is called with each line of its standard error that is not empty. All waiting is the
    reader's and the writer's: there is no task here, and no thread.
    """

    def __init__(self, name: str, on_line: Callable[[str], None]) -> None:
        self._name = name
        self._on_line = on_line
        self._transport: asyncio.SubprocessTransport | None = None
        self._output: deque[bytes] = deque()
        self._buffered = 0
        self._ended_output = False
        self._writable = True
        self._changed = asyncio.Event()
        self._exited = asyncio.Event()
        self._gone = asyncio.Event()
        self._line = ""
        self._mark = secrets.token_hex(16)

    @property
    def exited(self) -> bool:
        """Whether the program has ended."""
        return self._exited.is_set()

    @property
    def returncode(self) -> int | None:
        """The exit status; None while it runs."""
        return self._transport.get_returncode() if self._transport else None

    @property
    def writable(self) -> bool:
        """Whether the program has read most of what was written."""
        return self._writable

    async def start(
        self, argv: Sequence[str], *, stdin: bool, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start the program, writing to it (`stdin`) or reading from it. Raises `DeviceMissing`."""
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        ends = (pipe, null) if stdin else (null, pipe)
        await self._start(argv, *ends, {**os.environ, **(environment or {})})

    async def start_dialog(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start the program, writing to it and reading from it, with this environment alone.

        Raises `DeviceMissing`.
        """
        await self._start(argv, asyncio.subprocess.PIPE, asyncio.subprocess.PIPE, environment)

    async def _start(
        self, argv: Sequence[str], stdin: int, stdout: int, environment: Mapping[str, str]
    ) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.subprocess_exec(
                lambda: self,
                *argv,
                stdin=stdin,
                stdout=stdout,
                stderr=asyncio.subprocess.PIPE,
                env={**environment, processes.RUN_VARIABLE: self._mark},
                **processes.own_group(),
            )
        except OSError as error:
            raise DeviceMissing(
                f"{self._name}: the program {argv[0]} cannot be started: {error.strerror}"
            ) from error

    async def read(self) -> bytes:
        """Return what the program wrote; nothing once it has ended its output."""
        while not self._output and not self._ended_output:
            await self._wait_for_change()
        audio = b"".join(self._output)
        self._output.clear()
        if self._buffered > _BUFFER:
            self._pipe(1).resume_reading()
        self._buffered = 0
        return audio

    async def write(self, audio: bytes) -> None:
        """Hand bytes to the program; return when there is room for more, or when it has ended."""
        if self._exited.is_set() or self._transport is None:
            return
        pipe = self._transport.get_pipe_transport(0)
        if isinstance(pipe, asyncio.WriteTransport) and not pipe.is_closing():
            pipe.write(audio)
        while not self._writable and not self._exited.is_set():
            await self._wait_for_change()

    def end_input(self) -> None:
        """Close the program's standard input."""
        if self._transport is not None:
            pipe = self._transport.get_pipe_transport(0)
            if pipe is not None:
                pipe.close()

    async def wait(self) -> None:
        """Return when the program has ended."""
        await self._exited.wait()

    async def wait_gone(self) -> None:
        """Return when the program has ended and everything it wrote was taken."""
        await self._gone.wait()

    async def end(self, *, at_once: bool = False) -> None:
        """End the program and its children, politely unless `at_once`. Idempotent."""
        if self._transport is None:
            return
        running = not self._gone.is_set()
        try:
            if not at_once:
                await self._end_group(_TERMINATE, at_once=False)
            await self._end_group(_KILL, at_once=True)
        finally:
            if not self._exited.is_set():
                self._signal_group(at_once=True)
            if running:
                processes.end_marked(self._mark)
            self._transport.close()

    async def _end_group(self, seconds: float, *, at_once: bool) -> None:
        if self._exited.is_set():
            return
        self._signal_group(at_once=at_once)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._exited.wait()

    def _signal_group(self, *, at_once: bool) -> None:
        if self._transport is not None and (pid := self._transport.get_pid()):
            processes.end_group(pid, at_once=at_once)

    async def _wait_for_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _pipe(self, number: int) -> asyncio.ReadTransport:
        assert self._transport is not None
        pipe = self._transport.get_pipe_transport(number)
        assert isinstance(pipe, asyncio.ReadTransport)
        return pipe

    # what follows is called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self._take_lines(data.decode("utf-8", "replace"))
            return
        self._output.append(data)
        self._buffered += len(data)
        if self._buffered > _BUFFER:
            self._pipe(1).pause_reading()
        self._changed.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self._ended_output = True
        elif fd == 2:
            self._take_lines("\n")
        self._changed.set()

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._changed.set()

    def process_exited(self) -> None:
        # a shell script may leave a player behind; its group's number is free for others soon
        self._signal_group(at_once=True)
        self._exited.set()
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()

    def _take_lines(self, text: str) -> None:
        *lines, rest = (self._line + text).replace("\r", "\n").split("\n")
        self._line = rest[:_LINE]
        for line in lines:
            if line.strip():
                self._on_line(line.strip()[:_LINE])


def split(command: str) -> list[str]:
    """Take a command line apart, with a shell's quotes but no shell. Raises `DeviceMissing`."""
    try:
        argv = shlex.split(command)
    except ValueError as error:
        raise DeviceMissing(f"the command {quoted(command)} is not well quoted: {error}") from error
    if not argv:
        raise DeviceMissing("the command is empty; name a program, as in command:arecord -t raw")
    return argv
