"""A recorder of all events between Home Assistant and one of our programs.

It passes bytes on as they are, and reads the frames with code of its own, so that a mistake in ours
would be seen.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

HOME = "home"
OURS = "ours"

_LINE = 1024 * 1024
"""Bytes of the longest JSON line."""


class RecordedEvent(msgspec.Struct, frozen=True):
    """A recorded event."""

    at: float
    """Monotonic seconds."""
    link: int
    """Number of the connection, in order of arrival."""
    sender: str
    type: str
    data: dict[str, Any]
    size: int
    """Bytes of the payload."""


class Tap:
    """Listens at its own port and forwards each connection to our program."""

    def __init__(self, target: int) -> None:
        self.target = target
        """The program's port at 127.0.0.1."""
        self.port = 0
        self.events: list[RecordedEvent] = []
        self.broken: list[str] = []
        """Data that was no Wyoming frame."""
        self._server: asyncio.Server | None = None
        self._links = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen, always at the same port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Refuse new connections; existing ones stay open."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def close(self) -> None:
        """Refuse new connections and close existing ones."""
        await self.refuse()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def since(self, mark: int, sender: str = "", *types: str) -> list[RecordedEvent]:
        """Return the events after a mark (a number of events), by sender and types."""
        return [
            event
            for event in self.events[mark:]
            if (not sender or event.sender == sender) and (not types or event.type in types)
        ]

    def types(self, mark: int, sender: str = "") -> list[str]:
        """Return the types of events after a mark, without pings, and a run of sound once."""
        types: list[str] = []
        for event in self.since(mark, sender):
            if event.type not in ("ping", "pong", "describe", "info", *types[-1:]):
                types.append(event.type)
        return types

    async def wait(
        self,
        types: str | Sequence[str],
        mark: int,
        timeout: float = 20.0,
        sender: str = "",
        fits: Callable[[RecordedEvent], bool] = lambda event: True,
    ) -> RecordedEvent:
        """Wait for the first event of these types after a mark. Raises `AssertionError`."""
        wanted = (types,) if isinstance(types, str) else tuple(types)
        deadline = time.monotonic() + timeout
        while True:
            for event in self.since(mark, sender, *wanted):
                if fits(event):
                    return event
            if time.monotonic() > deadline:
                raise AssertionError(f"no {wanted} in {timeout} s; there were\n{self.report(mark)}")
            await asyncio.sleep(0.01)

    def report(self, mark: int = 0) -> str:
        """Return the events after a mark as a table, for a failing test."""
        events = [event for event in self.events[mark:] if event.type not in ("ping", "pong")]
        lines, start = [], events[0].at if events else 0.0
        before = ("", "")
        for event in events:
            if (event.sender, event.type) != before or event.type != "audio-chunk":
                data = json.dumps(event.data)[:160]
                lines.append(
                    f"{event.at - start:8.3f} {event.link:3} {event.sender} {event.type} {data}"
                )
            before = (event.sender, event.type)
        return "\n".join([*lines, *self.broken])

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._links += 1
        link = self._links
        far: asyncio.StreamWriter | None = None
        try:
            far_reader, far = await asyncio.open_connection("127.0.0.1", self.target, limit=_LINE)
            ways = (
                asyncio.create_task(self._pass(reader, far, link, HOME)),
                asyncio.create_task(self._pass(far_reader, writer, link, OURS)),
            )
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the program is gone or the tap stopped: close the client's connection
        finally:
            self._tasks.discard(task)
            for end in (writer, far):
                if end is not None:
                    end.close()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: int, sender: str
    ) -> None:
        try:
            while line := await reader.readline():
                writer.write(line)
                try:
                    header = json.loads(line)
                except ValueError:
                    self.broken.append(f"{sender} sent {line[:80]!r}")
                    return
                data = await reader.readexactly(header.get("data_length") or 0)
                payload = await reader.readexactly(header.get("payload_length") or 0)
                writer.write(data + payload)
                facts = {**(header.get("data") or {}), **(json.loads(data) if data else {})}
                self.events.append(
                    RecordedEvent(
                        time.monotonic(), link, sender, header["type"], facts, len(payload)
                    )
                )
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # a side was killed in the middle of an event
