"""One server of MCP: connected, listed, watched, and connected again after a failure."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from fnmatch import fnmatchcase
from time import monotonic
from typing import Any

import msgspec

from satellite.errors import EngineDown, EngineError, EngineFailed, SatelliteError
from satellite.lib.containment import check_cancelled
from satellite.lib.taskgroups import first_error
from satellite.net.mcp import schemas
from satellite.net.mcp.http import Headers, HttpLink
from satellite.net.mcp.messages import NotThere, SessionLost
from satellite.net.mcp.schemas import Definition, Unusable
from satellite.net.mcp.session import Session
from satellite.net.mcp.stdio import StdioLink

_LOGGER = logging.getLogger(__name__)

MOST = 32
"""Most tools of one server: more would fill the context of a small model."""
PAUSES = (1.0, 300.0)
"""Seconds until a server is connected again: after the first failure, and at most."""
_STABLE = 60.0
"""Seconds of a connection after which earlier failures no longer count."""
_LIST_EVERY = 300.0
"""Seconds between two lists where a server reports no changes."""
_LIST_PAUSE = 2.0
"""Seconds between two lists where it reports many."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A server to connect to: an address, or a command."""

    name: str
    url: str = ""
    older_url: str = ""
    """The address in older versions of the server, where there is nothing at `url`."""
    headers: Headers = dict
    argv: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ("*",)
    """Patterns of names."""
    excluded: tuple[str, ...] = ()
    """Patterns of names that are not allowed in spite of these."""
    timeout: float = 10.0
    """Seconds for one call."""
    home: bool = False
    """Whether its tools control the home."""

    @property
    def label(self) -> str:
        """The server in messages."""
        return f"the MCP server {self.name}"


class McpServer:
    """One server."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.tried = asyncio.Event()
        """Set once its tools are known, or it has failed."""
        self.tools: tuple[Definition, ...] = ()
        """The allowed and usable tools; none while it is not connected."""
        self.found: tuple[str, ...] = ()
        """The names of all of its tools."""
        self.left_out: Mapping[str, str] = {}
        """Allowed tools that cannot be used, with the reasons."""
        self.error: EngineError | None = None
        """The reason why it is not connected."""
        self._older = False
        self._session: Session | None = None
        self._back = asyncio.Event()
        self._logged = ""

    async def run(self) -> None:
        """Connect, and connect again after each failure, until cancelled."""
        pause, longest = PAUSES
        while True:
            began = monotonic()
            try:
                await self._connected()
            except EngineError as error:
                check_cancelled()  # a task group raises its error in place of a cancellation
                if isinstance(error, NotThere) and self.target.older_url:
                    self._older = not self._older
                    if self._older:
                        continue
                self.error = error
                self._report(error)
            finally:
                self._leave()
            self.tried.set()
            lasted = monotonic() - began
            if isinstance(self.error, SessionLost) and lasted > PAUSES[0]:
                continue  # it was restarted, and works
            if lasted > _STABLE:
                pause = PAUSES[0]
            await asyncio.sleep(pause)
            pause = min(longest, pause * 2)

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """Call a tool; return its result. Raises `EngineError`s; see `Session.call`."""
        try:
            return await self._call(tool, arguments)
        except SessionLost:
            await self._returned()
            return await self._call(tool, arguments)  # it was not done: the server knew no session

    async def _call(self, tool: str, arguments: Mapping[str, Any]) -> str:
        session = self._session
        if session is None:
            raise EngineDown(f"{self.target.label} is not connected ({self.error})")
        try:
            result = await session.call(tool, arguments, self.target.timeout)
        except (EngineDown, SessionLost) as error:
            session.end(error)
            if self._session is session:
                self._leave()
            raise
        if result.failed:
            raise EngineFailed(result.text or "the tool failed without a reason")
        return result.text

    async def _returned(self) -> None:
        """Wait for the next session, as long as for a call. Raises `EngineDown`."""
        try:
            async with asyncio.timeout(self.target.timeout):
                await self._back.wait()
        except TimeoutError:
            raise EngineDown(f"{self.target.label} is not connected ({self.error})") from None

    async def _connected(self) -> None:
        """Connect and list the tools; return never. Raises `EngineError`s."""
        async with self._linked() as session:
            helpers: list[asyncio.Task[None]] = []
            with first_error(SatelliteError):
                async with asyncio.TaskGroup() as tasks:
                    helpers.append(tasks.create_task(session.listen()))
                    helpers.append(tasks.create_task(session.send_notes()))
                    try:
                        await session.initialize()
                        await self._list(session)
                        await self._watch(session)
                    finally:
                        for helper in helpers:
                            helper.cancel()

    @asynccontextmanager
    async def _linked(self) -> AsyncGenerator[Session, None]:
        """Open a link and a session, which end with the block."""
        target = self.target
        link: HttpLink | StdioLink
        if target.url:
            url = target.older_url if self._older else target.url
            link = HttpLink(target.label, url, target.headers)
        else:
            link = StdioLink(target.label, target.argv, target.environment)
        session = Session(target.label, link)
        try:
            await link.open()
            yield session
        except EngineError as error:
            session.end(error)
            raise
        finally:
            session.end(EngineDown(f"{target.label} is stopped"))
            self._leave()
            await link.close()

    async def _watch(self, session: Session) -> None:
        """List the tools again when they change, and look after calls without an answer."""
        while True:
            try:
                async with asyncio.timeout(_LIST_EVERY):
                    await session.attention.wait()
            except TimeoutError:
                session.changed = True
            session.attention.clear()
            if session.error is not None:
                raise session.error
            if session.doubtful:
                session.doubtful = False
                await session.ping()
            if session.changed:
                session.changed = False
                await self._list(session)
                await asyncio.sleep(_LIST_PAUSE)

    async def _list(self, session: Session) -> None:
        """List the tools, and offer those that are allowed."""
        usable: dict[str, Definition] = {}
        left_out: dict[str, str] = {}
        names: list[str] = []
        async with aclosing(session.tools()) as listed:
            async for item in listed:
                name = _name(item)
                names.append(name)
                if name and not self.allows(name):
                    continue
                try:
                    definition = schemas.definition(item)
                except Unusable as error:
                    left_out[name] = str(error)
                    continue
                if len(usable) >= MOST:
                    left_out[name] = f"it is beyond the first {MOST}: name those to allow"
                    continue
                usable.setdefault(name, definition)
        self.found = tuple(filter(None, names))
        self.left_out = left_out
        self.tools = tuple(usable.values())
        self.error = None
        self._session = session
        self._back.set()
        self.tried.set()
        self._report_tools()

    def allows(self, name: str) -> bool:
        """Return whether a tool is allowed by the settings."""
        target = self.target
        return any(fnmatchcase(name, pattern) for pattern in target.allowed) and not any(
            fnmatchcase(name, pattern) for pattern in target.excluded
        )

    def _leave(self) -> None:
        self._session = None
        self._back.clear()
        self.tools = ()

    def _report(self, error: EngineError) -> None:
        """Log a failure, the same one only once."""
        level = logging.DEBUG if str(error) == self._logged else logging.WARNING
        self._logged = str(error)
        _LOGGER.log(level, "%s; its tools are missing until it is back", error)

    def _report_tools(self) -> None:
        """Log the tools, the same ones only once."""
        names = ", ".join(tool.name for tool in self.tools) or "none"
        text = f"{self.target.label} offers {len(self.tools)} of {len(self.found)} tools: {names}"
        if text != self._logged:
            self._logged = text
            _LOGGER.info("%s", text)
            for reason in _reasons(self.left_out):
                _LOGGER.warning("%s: left out: %s", self.target.label, reason)


def _name(item: Any) -> str:
    """Return the name of what may be a tool, cut to a bit more than the longest; empty for none."""
    name = item.get("name") if isinstance(item, dict) else None
    return name[: schemas.NAME + 1] if isinstance(name, str) else ""


def _reasons(left_out: Mapping[str, str]) -> Sequence[str]:
    """Return one line for each reason, with its tools."""
    tools: dict[str, list[str]] = {}
    for name, reason in left_out.items():
        tools.setdefault(reason, []).append(name)
    return [f"{', '.join(names)} ({reason})" for reason, names in tools.items()]
