"""Home Assistant's HTTP API, with its failures as errors that name the remedy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from satellite.errors import (
    EngineClosed,
    EngineError,
    HomeAgentMissing,
    HomeDown,
    HomeFailed,
    HomeRefused,
    HomeStarting,
)
from satellite.homeassistant.client.access_token import Token, TokenSource
from satellite.homeassistant.client.socket import ANSWER, Socket
from satellite.lib.decoding import from_json
from satellite.text.reason_of import reason_of

if TYPE_CHECKING:
    import aiohttp

CONNECT = 5.0
"""Seconds to connect on the LAN: half of the time that a person waits for an answer."""

LARGEST = 16 << 20
"""Bytes of one message: a thousand exposed entities with their attributes are about 1 MB."""


class Api:
    """The client of one Home Assistant. Every method raises `EngineError`s with the remedy."""

    def __init__(self, url: str, token_file: str) -> None:
        """`url` is an address that `address.parse` returned."""
        self.url = url
        self._token = TokenSource(token_file)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def post(self, path: str, body: dict[str, Any], seconds: float) -> Any:
        """Send JSON to a path such as /api/conversation/process; return the JSON of the answer."""
        return await self._ask("POST", path, seconds, body)

    async def get(self, path: str, seconds: float = ANSWER) -> Any:
        """Return the JSON at a path."""
        return await self._ask("GET", path, seconds)

    async def state(self) -> str:
        """Return the state of Home Assistant: `RUNNING`, `STARTING` and others."""
        found = await self.get("/api/config")
        return str(found.get("state", "RUNNING")) if isinstance(found, dict) else "RUNNING"

    @asynccontextmanager
    async def socket(self) -> AsyncGenerator[Socket, None]:
        """Open an authenticated WebSocket; it is closed at the end of the block."""
        import aiohttp

        secret = await asyncio.to_thread(self._token.read)
        session = self._opened()
        url = "ws" + self.url.removeprefix("http") + "/api/websocket"
        with self._explained(secret):
            async with asyncio.timeout(CONNECT):
                raw = await session.ws_connect(
                    url,
                    heartbeat=30.0,
                    max_msg_size=LARGEST,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                )
        try:
            with self._explained(secret):
                async with asyncio.timeout(CONNECT):
                    if not await Socket.let_in(raw, secret.secret):
                        raise self._wrong(secret)
            yield Socket(raw, self.url)
        finally:
            await raw.close()

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _ask(
        self, method: str, path: str, seconds: float, body: dict[str, Any] | None = None
    ) -> Any:
        import aiohttp

        secret = await asyncio.to_thread(self._token.read)
        session = self._opened()
        limit = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT)
        with self._explained(secret, asked=path):
            async with session.request(
                method,
                self.url + path,
                json=body,
                headers=secret.headers,
                timeout=limit,
                allow_redirects=False,  # the token goes nowhere else
            ) as response:
                content = await _whole(response)
                status, location = response.status, response.headers.get("Location", "")
        if status == 200:
            try:
                return from_json(content)
            except ValueError as error:
                raise HomeFailed(f"{self.url} is not the address of a Home Assistant") from error
        raise self._refused(secret, status, path, _message(content) or location)

    def _refused(self, secret: Token, status: int, path: str, text: str) -> EngineError:
        """Return the error for an HTTP status; `text` is the message or the location."""
        if status == 401:
            return self._wrong(secret)
        if status == 403:
            return HomeRefused(
                f"Home Assistant at {self.url} refuses this machine ({text}): see "
                "ip_bans.yaml in its configuration folder"
            )
        if 300 <= status < 400:
            return HomeFailed(f"{self.url} redirects to {text}: set the address to that")
        if status in (502, 503, 504):
            return HomeStarting(f"Home Assistant at {self.url} is not ready (HTTP {status})")
        if status == 400 and "agent" in text.lower():
            return HomeAgentMissing(
                f"Home Assistant at {self.url} has no such conversation agent ({text}): "
                "set the option agent to one of its conversation entities"
            )
        if status == 404:
            return HomeFailed(
                f"Home Assistant at {self.url} does not know {path}: is it a Home Assistant, and "
                "does its configuration have default_config: or conversation:?",
                status=status,
            )
        return HomeFailed(
            f"Home Assistant at {self.url} failed with HTTP {status}: {text}", status=status
        )

    def _wrong(self, secret: Token) -> HomeRefused:
        return HomeRefused(
            f"Home Assistant at {self.url} does not accept the token of {secret.where}: create "
            "a long-lived access token there (your profile, Security), and replace it"
        )

    @contextmanager
    def _explained(self, secret: Token, *, asked: str = "") -> Iterator[None]:
        """Translate errors of aiohttp inside the block into an `EngineError`.

        For a request for the path `asked`, `HomeDown` means that the request was not sent.
        """
        import aiohttp

        try:
            yield
        except aiohttp.WSServerHandshakeError as error:
            raise self._refused(secret, error.status, "/api/websocket", error.message) from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise HomeDown(
                f"the certificate of {self.url} is not trusted here ({error.certificate_error})"
            ) from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            timed_out = isinstance(error, TimeoutError)
            reason = "no answer in time" if timed_out else reason_of(error)
            unsent = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
            if asked and not isinstance(error, unsent):
                raise HomeFailed(
                    f"Home Assistant at {self.url} gave no answer at {asked} ({reason}): "
                    "see its log"
                ) from error
            raise HomeDown(
                f"Home Assistant does not answer at {self.url} ({reason}): check that it runs, and "
                "that the address (home.url) is right"
            ) from error

    def _opened(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._closed:
            raise EngineClosed("the connection to Home Assistant was closed")
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """Return the body. Raises `ValueError` for one of more than `LARGEST` bytes."""
    content = bytearray()
    async for block in response.content.iter_any():
        content += block
        if len(content) > LARGEST:
            raise ValueError(f"more than {LARGEST:,} bytes")
    return bytes(content)


def _message(content: bytes) -> str:
    """Return the message of a failed answer as one short line."""
    try:
        found = from_json(content)
    except ValueError:
        found = content.decode("utf-8", "replace")
    if isinstance(found, dict):
        found = found.get("message", "")
    return " ".join(str(found).split())[:200]
