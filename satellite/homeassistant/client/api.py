"""Home Assistant's HTTP API, and how its failures become errors that say what to do."""

from __future__ import annotations

import asyncio
import json
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

if TYPE_CHECKING:
    import aiohttp

CONNECT = 5.0
"""Seconds to reach Home Assistant in the house; half of what a person waits for an answer."""

LARGEST = 16 << 20
"""Bytes of one message: a thousand exposed things with their attributes are about 1 MB."""


class Api:
    """One Home Assistant. Every method raises `EngineError`s that say what to do."""

    def __init__(self, url: str, token_file: str) -> None:
        """`url` is checked already (see `address.parse`)."""
        self.url = url
        self._token = TokenSource(token_file)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def post(self, path: str, body: dict[str, Any], seconds: float) -> Any:
        """Send JSON to a path, as /api/conversation/process; return the JSON that comes back."""
        return await self._ask("POST", path, seconds, body)

    async def get(self, path: str, seconds: float = ANSWER) -> Any:
        """Return the JSON at a path."""
        return await self._ask("GET", path, seconds)

    async def state(self) -> str:
        """What it does: `RUNNING`, or `STARTING` and others."""
        found = await self.get("/api/config")
        return str(found.get("state", "RUNNING")) if isinstance(found, dict) else "RUNNING"

    @asynccontextmanager
    async def socket(self) -> AsyncGenerator[Socket, None]:
        """The WebSocket, open and let in; closed at the end of the block."""
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
        """Hang up. Twice is once."""
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
                content = await response.content.read(LARGEST)
                status, location = response.status, response.headers.get("Location", "")
        if status == 200:
            try:
                return json.loads(content)
            except ValueError as error:
                raise HomeFailed(f"what answers at {self.url} is no Home Assistant") from error
        raise self._refused(secret, status, path, _message(content) or location)

    def _refused(self, secret: Token, status: int, path: str, said: str) -> EngineError:
        """The error for an HTTP status."""
        if status == 401:
            return self._wrong(secret)
        if status == 403:
            return HomeRefused(
                f"Home Assistant at {self.url} forbids this machine to ask ({said}): see "
                "ip_bans.yaml in its configuration folder"
            )
        if 300 <= status < 400:
            return HomeFailed(f"{self.url} sends on to {said}: set the address to that")
        if status in (502, 503, 504):
            return HomeStarting(f"Home Assistant at {self.url} is not ready (HTTP {status})")
        if status == 400 and "agent" in said.lower():
            return HomeAgentMissing(
                f"Home Assistant at {self.url} has no such conversation agent ({said}): "
                "set the option agent to one of its conversation entities"
            )
        if status == 404:
            return HomeFailed(
                f"Home Assistant at {self.url} knows no {path}: is it a Home Assistant, and does "
                "its configuration have default_config: or conversation:?",
                status=status,
            )
        return HomeFailed(
            f"Home Assistant at {self.url} failed with HTTP {status}: {said}", status=status
        )

    def _wrong(self, secret: Token) -> HomeRefused:
        return HomeRefused(
            f"Home Assistant at {self.url} does not accept the token of {secret.where}: make a new "
            "long-lived access token there (your profile, Security), and put it in its place"
        )

    @contextmanager
    def _explained(self, secret: Token, *, asked: str = "") -> Iterator[None]:
        """Turn what aiohttp raises inside into an `EngineError`.

        Where something was `asked`, `HomeDown` says that it did not get there.
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
            why = str(error) or "no answer in time"
            unsent = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
            if asked and not isinstance(error, unsent):
                raise HomeFailed(
                    f"Home Assistant at {self.url} gave no answer at {asked} ({why}): see its log"
                ) from error
            raise HomeDown(
                f"Home Assistant does not answer at {self.url} ({why}): see that it runs, and that "
                "the address is right (home.url)"
            ) from error

    def _opened(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._closed:
            raise EngineClosed("the connection to Home Assistant was closed")
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session


def _message(content: bytes) -> str:
    """What a failed answer says, in one short line."""
    try:
        found = json.loads(content)
    except ValueError:
        found = content.decode("utf-8", "replace")
    if isinstance(found, dict):
        found = found.get("message", "")
    return " ".join(str(found).split())[:200]
