"""The link to a server in a process of its own: JSON lines by its standard input and output."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence

from satellite.errors import DeviceMissing, EngineDown, EngineFailed
from satellite.lib.child import Child
from satellite.net.mcp import messages
from satellite.net.mcp.messages import Incoming
from satellite.net.mcp.session import Session

_LOGGER = logging.getLogger(__name__)

_PASSED = (
    *("HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"),
    *("SSL_CERT_DIR", "SSL_CERT_FILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("LC_ALL", "LC_CTYPE", "LC_MESSAGES", "VIRTUAL_ENV", "XDG_RUNTIME_DIR"),
)
"""Environment variables that every server gets: none of them holds a secret of this program."""

_LEAVE = 0.5
"""Seconds for a server to end by itself once its input has ended, as MCP asks it to."""
_COMPLAINTS = 50
"""Most lines of a server's standard error in the log, of one run."""
_PACE = 256 * 1024
"""Bytes a second that are read from its standard error: more make it wait."""


class _Program(Child):
    """The process; its standard error is read no faster than `_PACE`."""

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        super().pipe_data_received(fd, data)
        if fd == 2 and not self.exited:
            pipe = self._pipe(2)
            pipe.pause_reading()
            loop = asyncio.get_running_loop()
            loop.call_later(len(data) / _PACE, self._resume_complaints)

    def _resume_complaints(self) -> None:
        if not self.exited:
            self._pipe(2).resume_reading()


class StdioLink:
    """One run of a server."""

    def __init__(self, name: str, argv: Sequence[str], environment: Sequence[str]) -> None:
        """`environment` are the names of variables that it gets besides the usual ones."""
        self._name = name
        self._argv = tuple(argv)
        self._environment = tuple(environment)
        self._child = _Program(name, self._complain)
        self._complaints = 0
        self._last = ""
        self._line = bytearray()
        self._skipping = False

    async def open(self) -> None:
        """Start the process. Raises `EngineDown`."""
        passed = (*_PASSED, *self._environment)
        known = {key: os.environ[key] for key in passed if key in os.environ}
        try:
            await self._child.start_dialog(self._argv, known)
        except DeviceMissing as error:
            raise EngineDown(f"{error}: correct its command") from error

    async def send(
        self, message: bytes, inbox: Session, answer: asyncio.Future[Incoming] | None
    ) -> None:
        """Write a message. Raises `EngineFailed` if the server reads nothing."""
        if not self._child.writable:
            raise EngineFailed(f"{self._name} does not read its input")
        await self._child.write(message + b"\n")

    async def listen(self, inbox: Session) -> None:
        """Read messages until the process ends. Raises `EngineDown` then."""
        while block := await self._child.read():
            inbox.took(len(block))
            self._split(block, inbox)
        try:
            async with asyncio.timeout(_LEAVE):
                await self._child.wait()
        except TimeoutError:
            raise EngineDown(f"{self._name} closed its output") from None
        reason = f": {self._last}" if self._last else ""
        raise EngineDown(f"{self._name} ended with status {self._child.returncode}{reason}")

    def agree(self, protocol: str) -> None:
        """Do nothing: lines have no headers."""

    async def close(self) -> None:
        """End the process and all of its children."""
        self._child.end_input()
        try:
            async with asyncio.timeout(_LEAVE):
                await self._child.wait()
        except TimeoutError:
            pass
        finally:
            await self._child.end()

    def _split(self, block: bytes, inbox: Session) -> None:
        *lines, rest = block.split(b"\n")
        for line in lines:
            if not self._skipping:
                self._line += line
                if len(self._line) > messages.LONGEST:
                    self._refuse(inbox)
                elif self._line.strip():
                    inbox.take(bytes(self._line))
            self._skipping = False
            self._line.clear()
        if not self._skipping:
            self._line += rest
            if len(self._line) > messages.LONGEST:
                self._refuse(inbox)
                self._skipping = True
                self._line.clear()

    def _refuse(self, inbox: Session) -> None:
        inbox.lose(f"sent an answer of more than {messages.LONGEST >> 20} MiB")

    def _complain(self, line: str) -> None:
        self._last = line[:200]
        self._complaints += 1
        if self._complaints <= _COMPLAINTS:
            _LOGGER.debug("%s: %s", self._name, line)
