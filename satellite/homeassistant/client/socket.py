"""Home Assistant's WebSocket API: questions by number, their answers, and events.

The messages are those of https://developers.home-assistant.io/docs/api/websocket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from satellite.errors import EngineError, HomeDown, HomeFailed, HomeRefused, HomeStarting
from satellite.lib.decoding import from_json

if TYPE_CHECKING:
    import aiohttp

ANSWER = 10.0
"""Seconds for one answer: the devices that are switched may be slow radios."""

_LATER = "unknown_command"
"""The code for a command whose integration is not set up yet."""

OnEvent = Callable[[dict[str, Any]], None]


class Socket:
    """An authenticated connection. `run` must run while it is used."""

    def __init__(self, raw: aiohttp.ClientWebSocketResponse, url: str) -> None:
        self._raw = raw
        self._url = url
        self._number = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._subscribers: dict[int, OnEvent] = {}
        self._over = False

    @staticmethod
    async def let_in(raw: aiohttp.ClientWebSocketResponse, secret: str) -> bool:
        """Authenticate; return whether the token was accepted. Raises aiohttp's errors."""
        while True:
            message = await raw.receive_json(loads=from_json)
            kind = message.get("type") if isinstance(message, dict) else None
            if kind == "auth_required":
                await raw.send_json({"type": "auth", "access_token": secret})
            elif kind == "auth_ok":
                return True
            elif kind == "auth_invalid":
                return False
            else:
                raise ValueError("what answers is no Home Assistant")

    async def run(self) -> None:
        """Receive messages until the connection ends. Raises `HomeDown` then."""
        import aiohttp

        try:
            async for message in self._raw:
                if message.type is aiohttp.WSMsgType.TEXT:
                    received = from_json(message.data)
                    for item in received if isinstance(received, list) else [received]:
                        self._take(item)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._lost() from error
        finally:
            self._over = True
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(self._lost())
                    waiting.exception()  # it may have no reader any more
        raise self._lost()

    async def call(self, kind: str, **fields: Any) -> Any:
        """Send a command and return its result. Raises `HomeFailed`, `HomeStarting`, `HomeDown`."""
        return await self._call(self._next(), kind, fields)

    async def subscribe(self, on_event: OnEvent, kind: str, **fields: Any) -> int:
        """Subscribe to events for `on_event`; return the number for `unsubscribe`."""
        number = self._next()
        self._subscribers[number] = on_event
        try:
            await self._call(number, kind, fields)
        except BaseException:
            self._subscribers.pop(number, None)
            raise
        return number

    async def unsubscribe(self, number: int) -> None:
        """End a subscription."""
        self._subscribers.pop(number, None)
        await self.call("unsubscribe_events", subscription=number)

    def _next(self) -> int:
        self._number += 1
        return self._number

    async def _call(self, number: int, kind: str, fields: dict[str, Any]) -> Any:
        if self._over:
            raise self._lost()
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(ANSWER):
                await self._raw.send_json({"id": number, "type": kind, **fields})
                reply = await answer
        except TimeoutError as error:
            raise HomeFailed(
                f"Home Assistant at {self._url} did not answer {kind} within {ANSWER:g} s"
            ) from error
        except OSError as error:
            raise self._lost() from error
        finally:
            del self._waiting[number]
        if reply.get("success") or reply.get("type") == "pong":
            return reply.get("result")
        raise self._failed(kind, reply.get("error"))

    def _take(self, message: Any) -> None:
        if not isinstance(message, dict):
            return
        number, kind = message.get("id"), message.get("type")
        if not isinstance(number, int):
            return
        event = message.get("event")
        if kind == "event" and number in self._subscribers and isinstance(event, dict):
            self._subscribers[number](event)
        answer = self._waiting.get(number)
        if kind in ("result", "pong") and answer is not None and not answer.done():
            answer.set_result(message)

    def _failed(self, kind: str, error: Any) -> EngineError:
        facts = error if isinstance(error, dict) else {}
        code, message = str(facts.get("code", "")), " ".join(str(facts.get("message", "")).split())
        if code == "unauthorized":
            return HomeRefused(
                f"Home Assistant at {self._url} allows {kind} only for administrators: "
                "create the token as an administrator"
            )
        if code == _LATER:
            return HomeStarting(f"Home Assistant at {self._url} does not know {kind} yet")
        return HomeFailed(f"Home Assistant at {self._url}: {kind}: {message[:200] or code}")

    def _lost(self) -> HomeDown:
        return HomeDown(f"the connection to Home Assistant at {self._url} ended")
