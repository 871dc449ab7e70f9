"""The link to a server by Streamable HTTP.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from satellite.errors import AnswerBroken, EngineBusy, EngineDown, EngineFailed
from satellite.net.mcp import messages
from satellite.net.mcp.messages import Incoming, NotThere, SessionLost
from satellite.net.mcp.session import Session
from satellite.text.reason_of import reason_of

if TYPE_CHECKING:
    import aiohttp

_LOGGER = logging.getLogger(__name__)

CONNECT = 3.0
"""Seconds to connect, name lookup included."""
_OPEN = 10.0
"""Seconds for a server to begin the stream of what it sends by itself."""
_LEAVE = 1.0
"""Seconds to take leave of a session."""
_AGAIN = (1.0, 60.0)
"""Seconds until a stream that ended is opened again: at first, and at most."""
_LONGEST_ID = 512
"""Characters of a session's id."""

JSON, EVENTS = "application/json", "text/event-stream"

Headers = Callable[[], Mapping[str, str]]
"""Returns the headers that authorize a request, none of them for a server without a token; blocks.
Raises `EngineError`s."""


class HttpLink:
    """One session's connections to a server."""

    def __init__(self, name: str, url: str, headers: Headers) -> None:
        self._name = name
        self._url = url
        self._authorize = headers
        self._headers: dict[str, str] = {}
        self._session: aiohttp.ClientSession | None = None
        self._id = ""
        self._agreed = asyncio.Event()

    async def open(self) -> None:
        """Read the token; nothing is connected so far. Raises `EngineError`s."""
        self._headers = {**await asyncio.to_thread(self._authorize)}
        await asyncio.to_thread(_load_aiohttp)  # 0.2 s on a PC: too long for an event loop
        self._session = _new_session()

    async def send(
        self, message: bytes, inbox: Session, answer: asyncio.Future[Incoming] | None
    ) -> None:
        """POST a message, and read the response until `answer` is set.

        Raises `SessionLost`, `EngineDown` if nothing was sent, and other `EngineError`s.
        """
        async with self._response("POST", f"{JSON}, {EVENTS}", message) as response:
            if response.status >= 300:
                await self._refuse(response, inbox, answer)
                return
            self._learn(response)
            if answer is None:
                return
            async with aclosing(self._messages(response, inbox)) as found:
                async for text in found:
                    inbox.take(text)
                    if answer.done():
                        return
            raise AnswerBroken(f"{self._name} ended its response without an answer")

    async def listen(self, inbox: Session) -> None:
        """Read what the server sends by itself, if it does so, until cancelled."""
        await self._agreed.wait()
        pause, longest = _AGAIN
        while await self._stream(inbox):
            await asyncio.sleep(pause)
            pause = min(longest, pause * 2)
        await asyncio.Event().wait()

    def agree(self, protocol: str) -> None:
        """Name the version of the protocol with every request."""
        self._headers["MCP-Protocol-Version"] = protocol
        self._agreed.set()

    async def close(self) -> None:
        """Take leave of the session, and close the connections."""
        import aiohttp

        session, self._session = self._session, None
        if session is None:
            return
        try:
            if self._id:
                async with asyncio.timeout(_LEAVE):
                    await session.delete(self._url, headers=self._named(), allow_redirects=False)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            _LOGGER.debug("%s: no leave was taken: %s", self._name, reason_of(error))
        finally:
            await session.close()

    async def _stream(self, inbox: Session) -> bool:
        """Read one stream to its end; return whether the server offers streams."""
        try:
            async with self._response("GET", EVENTS, None, _OPEN) as response:
                if response.status != 200 or response.content_type != EVENTS:
                    return False
                async with aclosing(self._messages(response, inbox)) as found:
                    async for text in found:
                        inbox.take(text)
        except (AnswerBroken, EngineDown) as error:
            _LOGGER.debug("%s: its stream ended: %s", self._name, error)
        return True

    @asynccontextmanager
    async def _response(
        self, method: str, accept: str, data: bytes | None, opening: float | None = None
    ) -> AsyncGenerator[aiohttp.ClientResponse, None]:
        """Send a request; the response, its body still to come, is closed at the block's end."""
        if self._session is None:
            raise EngineDown(f"{self._name}: the connection was closed")
        headers = {"Accept": accept, **self._named()}
        if data is not None:
            headers["Content-Type"] = JSON
        with self._explained():
            async with asyncio.timeout(opening):
                response = await self._session.request(
                    method,
                    self._url,
                    data=data,
                    headers=headers,
                    allow_redirects=False,  # the token goes nowhere else
                )
            try:
                yield response
            finally:
                response.close()

    def _named(self) -> dict[str, str]:
        return {**self._headers, **({"Mcp-Session-Id": self._id} if self._id else {})}

    def _learn(self, response: aiohttp.ClientResponse) -> None:
        """Take the session's id that comes with the answer to `initialize`."""
        found = response.headers.get("Mcp-Session-Id", "")
        if self._agreed.is_set() or not found:
            return
        if len(found) > _LONGEST_ID or not all("!" <= char <= "~" for char in found):
            raise EngineFailed(f"{self._name} sent an id of a session that cannot be used")
        self._id = found

    async def _messages(
        self, response: aiohttp.ClientResponse, inbox: Session
    ) -> AsyncGenerator[bytes, None]:
        if response.content_type == JSON:
            yield await self._whole(response, inbox)
        elif response.content_type == EVENTS:
            async with aclosing(self._events(response, inbox)) as events:
                async for event in events:
                    yield event
        else:
            kind = response.content_type[:60]
            raise AnswerBroken(
                f"{self._name} answered with {kind}: it is no MCP server, or not at this path"
            )

    async def _whole(self, response: aiohttp.ClientResponse, inbox: Session) -> bytes:
        content = bytearray()
        async for block in response.content.iter_any():
            inbox.took(len(block))
            content += block
            self._check(content)
        return bytes(content)

    async def _events(
        self, response: aiohttp.ClientResponse, inbox: Session
    ) -> AsyncGenerator[bytes, None]:
        """Yield the data of server-sent events."""
        rest, data = bytearray(), bytearray()
        async for block in response.content.iter_any():
            inbox.took(len(block))
            rest += block
            *lines, rest = rest.split(b"\n")
            self._check(rest)
            for line in lines:
                line = line.removesuffix(b"\r")
                if line.startswith(b"data:"):
                    data += line[5:].removeprefix(b" ") + b"\n"
                    self._check(data)
                elif not line and data:
                    yield bytes(data)
                    data = bytearray()
        if data:
            yield bytes(data)

    def _check(self, data: bytearray) -> None:
        if len(data) > messages.LONGEST:
            size = messages.LONGEST >> 20
            raise AnswerBroken(f"{self._name} sent an answer of more than {size} MiB")

    async def _refuse(
        self,
        response: aiohttp.ClientResponse,
        inbox: Session,
        answer: asyncio.Future[Incoming] | None,
    ) -> None:
        """Raise the error of a status, unless the response holds an answer of JSON-RPC."""
        status, place = response.status, f"{self._name} at {self._url}"
        if status in (401, 403):
            have = "the token" if self._headers.get("Authorization") else "a request without token"
            raise EngineFailed(f"{place} refuses {have} (HTTP {status}): set its token_file")
        if status < 400:
            raise EngineFailed(f"{place} is elsewhere (HTTP {status}): set the url to where it is")
        if status in (400, 404) and self._id:
            raise SessionLost(f"{place} does not know the session any more")
        if status in (429, 503):
            raise EngineBusy(f"{place} is busy (HTTP {status})")
        if answer is not None and response.content_type == JSON:
            inbox.take(await self._whole(response, inbox))
            if answer.done():
                return
        if status in (404, 405):
            raise NotThere(
                f"{place}: there is no MCP by Streamable HTTP (HTTP {status}): correct the url"
            )
        raise EngineFailed(f"{place} failed with HTTP {status}: see its log")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what aiohttp raises inside into `EngineError`s."""
        import aiohttp

        try:
            yield
        except (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.InvalidURL,
        ) as error:
            why = "no answer" if isinstance(error, TimeoutError) else reason_of(error)[:200]
            raise EngineDown(f"{self._name} does not answer at {self._url} ({why})") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError):
                raise AnswerBroken(f"{self._name} did not begin its answer") from error
            raise AnswerBroken(f"{self._name} broke off ({reason_of(error)[:200]})") from error


def _load_aiohttp() -> None:
    import aiohttp  # noqa: F401


def _new_session() -> aiohttp.ClientSession:
    import aiohttp

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            force_close=True,  # a connection kept open is dead after the server restarted
            limit=16,
            resolver=aiohttp.ThreadedResolver(),  # the system's, which knows .local names
        ),
        headers={"Accept-Encoding": "identity", "User-Agent": "satellite"},
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT),
        trust_env=True,
        cookie_jar=aiohttp.DummyCookieJar(),
    )
