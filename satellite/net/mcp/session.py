"""One session with a server: requests and their answers, whatever else it sends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from itertools import count
from typing import Any, Protocol

from satellite.errors import AnswerBroken, EngineError, EngineFailed, EngineTimeout
from satellite.lib.decoding import Undecodable
from satellite.net.mcp import foreign_text, messages
from satellite.net.mcp.flood import FloodLimit
from satellite.net.mcp.messages import Incoming
from satellite.requirements import own_version
from satellite.text.quoted import quoted

_LOGGER = logging.getLogger(__name__)

START = 60.0
"""Seconds for a server to start: `npx` and `uvx` fetch its packages first."""
LIST = 10.0
"""Seconds for a page of the list of tools."""
PING = 5.0
"""Seconds for the answer to a ping after a call without an answer."""
LISTED = 200
"""Most tools of a list that are looked at; a brain is offered fewer."""
_PAGES = 20
"""Most pages of the list."""
_NOTES = 32
"""Most notes for the server that wait to be sent."""
_SEND = 5.0
"""Seconds to send a note."""


class Link(Protocol):
    """The connection to a server. Methods raise `EngineError`s."""

    async def send(
        self, message: bytes, inbox: Session, answer: asyncio.Future[Incoming] | None
    ) -> None:
        """Send a message; by HTTP, read until `answer` is set, if there is to be one."""

    async def listen(self, inbox: Session) -> None:
        """Hand what the server sends by itself to the inbox, until cancelled."""

    def agree(self, protocol: str) -> None:
        """Take note of the version of the protocol."""


class Session:
    """One session. It ends at the first error that says so; `error` is then set."""

    def __init__(self, name: str, link: Link) -> None:
        self.name = name
        self.attention = asyncio.Event()
        """Set when one of the following has changed."""
        self.changed = False
        """Whether the list of tools has changed."""
        self.doubtful = False
        """Whether a call had no answer."""
        self.error: EngineError | None = None
        self._link = link
        self._numbers = count(1)
        self._pending: dict[int, asyncio.Future[Incoming]] = {}
        self._notes: asyncio.Queue[bytes] = asyncio.Queue(_NOTES)
        self._flood = FloodLimit(name)
        self._has_tools = False

    async def initialize(self) -> None:
        """Agree on the version. Raises `EngineError`s."""
        about = {"name": "satellite", "version": own_version()}
        wanted = {"protocolVersion": messages.VERSION, "capabilities": {}, "clientInfo": about}
        found = await self._request("initialize", wanted, START)
        protocol = found.get("protocolVersion")
        if protocol not in messages.VERSIONS:
            known = ", ".join(messages.VERSIONS)
            raise EngineFailed(
                f"{self.name} speaks version {quoted(protocol, 40)} of MCP; known are {known}"
            )
        self._link.agree(str(protocol))
        self._has_tools = isinstance(found.get("capabilities"), dict) and isinstance(
            found["capabilities"].get("tools"), dict
        )
        await self._send(messages.notification(messages.INITIALIZED))

    async def tools(self) -> AsyncGenerator[Any, None]:
        """Yield the tools as the server describes them. Raises `EngineError`s."""
        number = 0
        cursor: dict[str, str] = {}
        for _ in range(_PAGES if self._has_tools else 0):
            page = await self._request("tools/list", cursor, LIST)
            listed = page.get("tools")
            if not isinstance(listed, list):
                raise AnswerBroken(f"{self.name} sent a list of tools that is no list")
            for tool in listed[: LISTED - number]:
                yield tool
            number += len(listed)
            after = page.get("nextCursor")
            if not isinstance(after, str) or not after or number >= LISTED:
                return
            cursor = {"cursor": after}

    async def call(
        self, tool: str, arguments: Mapping[str, Any], seconds: float
    ) -> foreign_text.Result:
        """Call a tool. Cancelling this cancels it at the server.

        Raises `EngineTimeout` or `AnswerBroken` where it may have been carried out, and other
        `EngineError`s where it was not.
        """
        asked = {"name": tool, "arguments": arguments}
        return foreign_text.result(await self._request("tools/call", asked, seconds))

    async def ping(self) -> None:
        """Return once the server answers. Raises `EngineError`s; a refusal is an answer."""
        try:
            await self._request("ping", {}, PING)
        except EngineFailed:
            if self.error is not None:
                raise

    async def send_notes(self) -> None:
        """Send cancellations, and answers to the server's requests, until cancelled."""
        while True:
            note = await self._notes.get()
            try:
                async with asyncio.timeout(_SEND):
                    await self._send(note)
            except (EngineError, TimeoutError) as error:
                _LOGGER.debug("%s: a note could not be sent: %s", self.name, error)

    async def listen(self) -> None:
        """Take what the server sends by itself, until cancelled. Raises `EngineError`s."""
        await self._link.listen(self)

    def end(self, error: EngineError) -> None:
        """End the session: calls that wait, and later ones, raise the error."""
        self.error = self.error or error
        self.attention.set()
        for answer in self._pending.values():
            if not answer.done():
                broken = f"{self.name} ended during the call ({error})"
                answer.set_exception(AnswerBroken(broken))

    # what follows is called by links

    def took(self, number: int) -> None:
        """Count received bytes. Raises `EngineFailed` for a flood."""
        self._limit(partial(self._flood.bytes, number))

    def take(self, text: bytes) -> None:
        """Take a message. Raises `EngineFailed` for a flood; nothing else is an error here."""
        try:
            found = messages.decode(text)
        except Undecodable as error:
            _LOGGER.debug("%s sent no message of MCP: %s", self.name, str(error)[:200])
            self._limit(self._flood.message)
            return
        for message in found:
            self._take(message)

    def lose(self, reason: str) -> None:
        """Fail the calls that wait, as one of their answers was lost."""
        self._limit(self._flood.message)
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(AnswerBroken(f"{self.name} {reason}"))

    def _limit(self, count: Callable[[], None]) -> None:
        try:
            count()
        except EngineFailed as error:
            self.end(error)
            raise

    def _take(self, message: Incoming) -> None:
        if message.method is None:
            number = message.id
            answer = self._pending.get(number) if type(number) is int else None
            if answer is not None and not answer.done():
                answer.set_result(message)
                return
            _LOGGER.debug("%s sent an answer that nothing waits for", self.name)
        elif message.method == messages.LIST_CHANGED:
            self.changed = True
            self.attention.set()
        elif isinstance(message.id, str | int):
            self._reply(message.id, message.method)
        self._limit(self._flood.message)

    def _reply(self, number: str | int, method: str) -> None:
        """Answer a ping; refuse samples of a model, questions to the person, and the rest."""
        if method == "ping":
            self._note(messages.answer(number, {}))
            return
        _LOGGER.debug("%s asked for %s, which is refused", self.name, quoted(method, 80))
        self._note(messages.refusal(number, method))

    def _note(self, message: bytes) -> None:
        if self._notes.full():
            _LOGGER.debug("%s: too many notes wait; one is dropped", self.name)
            return
        self._notes.put_nowait(message)

    async def _send(self, message: bytes) -> None:
        await self._link.send(message, self, None)

    async def _request(
        self, method: str, params: Mapping[str, Any], seconds: float
    ) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        number = next(self._numbers)
        answer: asyncio.Future[Incoming] = asyncio.get_running_loop().create_future()
        self._pending[number] = answer
        try:
            async with asyncio.timeout(seconds):
                await self._link.send(messages.request(number, method, params), self, answer)
                message = await answer
        except TimeoutError:
            self._cancel(number, method, "no answer in time")
            self.doubtful = True
            self.attention.set()
            raise EngineTimeout(f"{self.name} did not answer within {seconds:g} s") from None
        except asyncio.CancelledError:
            self._cancel(number, method, "the answer is no longer wanted")
            raise
        finally:
            del self._pending[number]
            answer.cancel()
        return self._result(message, method)

    def _cancel(self, number: int, method: str, reason: str) -> None:
        if method != "initialize":  # which must not be cancelled
            params = {"requestId": number, "reason": reason}
            self._note(messages.notification(messages.CANCELLED, params))

    def _result(self, message: Incoming, method: str) -> dict[str, Any]:
        if message.error is not None:
            error = message.error if isinstance(message.error, dict) else {}
            text = foreign_text.line(error.get("message"), 300) or "an error without a text"
            raise EngineFailed(f"{self.name} refused {method}: {text}")
        if not isinstance(message.result, dict):
            raise AnswerBroken(f"{self.name} answered {method} with no object")
        return message.result
