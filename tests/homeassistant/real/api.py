"""Home Assistant's HTTP and WebSocket interfaces, as used by its own user interface."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

Json = dict[str, Any]

_START = 90.0
"""Seconds to start: ten on an idle machine."""
_ANSWER = 40.0
"""Seconds for a command; `announce` takes as long as its sound lasts."""
_STREAMED = 4096
"""Events of one subscription that may wait to be read."""


class Refused(Exception):
    """Home Assistant refused a request."""


class Api:
    """The connection of a logged-in user. `changes` are state changes, oldest first."""

    def __init__(self, base: str, socket: Path | None = None) -> None:
        """`base` is the address; `socket` is a Unix socket to reach it through, if needed."""
        self.base = base
        self._path = socket
        self.changes: list[tuple[float, str, str]] = []
        """Monotonic time, entity and new state of each change."""
        self._http: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._token = ""
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._streams: dict[int, asyncio.Queue[Json]] = {}

    async def open(self) -> None:
        """Wait until Home Assistant runs, and log in; the first time as a new user."""
        connector = aiohttp.UnixConnector(str(self._path)) if self._path else None
        timeout = aiohttp.ClientTimeout(_ANSWER)
        self._http = aiohttp.ClientSession(connector=connector, timeout=timeout)
        async with asyncio.timeout(_START):
            await self._up()
            fresh = not self._token
            if fresh:
                self._token = await self._onboard()
            await self._connect()
            if fresh:  # the first token expires after half an hour
                self._token = await self.call(
                    "auth/long_lived_access_token", client_name="tests", lifespan=1
                )
            while (await self.call("get_config"))["state"] != "RUNNING":
                await asyncio.sleep(0.1)
            self._streams[next(self._numbers)] = _States(self.changes)
            await self._ask(max(self._streams), "subscribe_events", event_type="state_changed")

    async def close(self) -> None:
        """Close the connection, which may be closed already."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()
        if self._http is not None:
            await self._http.close()
        self._answers.clear()
        self._streams.clear()
        self._reader = self._socket = self._http = None

    async def call(self, kind: str, **fields: Any) -> Any:
        """Send a command and return its result. Raises `Refused`."""
        return await self._ask(next(self._numbers), kind, **fields)

    async def service(self, name: str, **data: Any) -> None:
        """Call a service, such as `switch.turn_on`."""
        domain, _, service = name.partition(".")
        await self.call("call_service", domain=domain, service=service, service_data=data)

    @asynccontextmanager
    async def stream(self, kind: str, **fields: Any) -> AsyncGenerator[asyncio.Queue[Json], None]:
        """Subscribe to a command's events during this block. Raises `Refused`."""
        number = next(self._numbers)
        self._streams[number] = asyncio.Queue(_STREAMED)
        try:
            await self._ask(number, kind, **fields)
            yield self._streams[number]
        finally:
            self._streams.pop(number, None)

    async def send(self, data: bytes) -> None:
        """Send bytes; the first byte identifies their handler."""
        assert self._socket is not None
        await self._socket.send_bytes(data)

    async def rest(self, method: str, path: str, body: Json | None = None) -> Any:
        """Send an HTTP request and return the answer. Raises `Refused`."""
        async with self._request(method, path, json=body) as answer:
            if answer.status >= 400:
                raise Refused(f"{method} {path}: {answer.status} {await answer.text()}")
            return await answer.json()

    async def fetch(self, path: str) -> bytes:
        """Fetch a file without logging in, as a media player does. Raises `Refused`."""
        assert self._http is not None
        async with self._http.get(self.base + path) as answer:
            if answer.status != 200:
                raise Refused(f"{path}: {answer.status} {await answer.text()}")
            return await answer.read()

    async def state(self, entity: str) -> Json | None:
        """Return an entity's state with its attributes; None for a missing entity."""
        async with self._request("GET", f"/api/states/{entity}") as answer:
            return await answer.json() if answer.status == 200 else None

    def _request(self, method: str, path: str, **more: Any) -> Any:
        assert self._http is not None
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._http.request(method, self.base + path, headers=headers, **more)

    async def _up(self) -> None:
        assert self._http is not None
        while True:
            try:
                async with self._http.get(f"{self.base}/api/onboarding"):
                    return
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(0.1)

    async def _onboard(self) -> str:
        assert self._http is not None
        client = {"client_id": f"{self.base}/"}
        user = {"name": "Test", "username": "test", "password": "test", "language": "en"}
        # the address answers before the integration behind it is set up
        while True:
            path = f"{self.base}/api/onboarding/users"
            async with self._http.post(path, json={**client, **user}) as answer:
                if answer.status == 200:
                    code = (await answer.json())["auth_code"]
                    break
            await asyncio.sleep(0.1)
        form = {**client, "grant_type": "authorization_code", "code": code}
        async with self._http.post(f"{self.base}/auth/token", data=form) as answer:
            return str((await answer.json())["access_token"])

    async def _connect(self) -> None:
        assert self._http is not None
        while True:
            try:
                self._socket = await self._http.ws_connect(
                    f"{self.base}/api/websocket", max_msg_size=0
                )
                break
            except aiohttp.WSServerHandshakeError:
                await asyncio.sleep(0.1)
        await self._socket.receive_json()
        await self._socket.send_json({"type": "auth", "access_token": self._token})
        answer = await self._socket.receive_json()
        if answer["type"] != "auth_ok":
            raise Refused(f"not logged in: {answer}")
        self._numbers = itertools.count(1)
        self._reader = asyncio.create_task(self._read(self._socket))

    async def _ask(self, number: int, kind: str, **fields: Any) -> Any:
        assert self._socket is not None
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "type": kind, **fields})
        try:
            async with asyncio.timeout(_ANSWER):
                answer = await self._answers[number]
        finally:
            self._answers.pop(number, None)
        if not answer["success"]:
            raise Refused(f"{kind}: {answer['error']}")
        return answer["result"]

    async def _read(self, messages: aiohttp.ClientWebSocketResponse) -> None:
        async for message in messages:
            found = message.json()
            for item in found if isinstance(found, list) else [found]:
                number = item.get("id")
                if item["type"] == "result" and number in self._answers:
                    if self._answers[number].done():  # the caller has given up
                        continue
                    self._answers[number].set_result(item)
                elif item["type"] == "event" and number in self._streams:
                    self._streams[number].put_nowait({"at": time.monotonic(), **item["event"]})
        for answer in self._answers.values():
            answer.cancel()


class _States(asyncio.Queue[Json]):
    """Appends `state_changed` events to a list."""

    def __init__(self, changes: list[tuple[float, str, str]]) -> None:
        super().__init__()
        self._changes = changes

    def put_nowait(self, item: Json) -> None:
        state = item["data"]["new_state"]
        name = item["data"]["entity_id"]
        self._changes.append((item["at"], name, state["state"] if state else ""))
