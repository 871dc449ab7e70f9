"""Home Assistant's WebSocket API: questions by number, their answers, and events.

The messages are those of https://developers.home-assistant.io/docs/api/websocket.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from satellite.errors import EngineError, HomeDown, HomeFailed, HomeRefused, HomeStarting

if TYPE_CHECKING:
    import aiohttp

ANSWER = 10.0
"""Seconds for one answer: the things that are switched may be slow radios."""

_LATER = "unknown_command"
"""The code for a command whose integration is not set up (yet)."""

Heard = Callable[[dict[str, Any]], None]


class Socket:
    """One connection that was let in. `run` must run while it is used."""

    def __init__(self, raw: aiohttp.ClientWebSocketResponse, url: str) -> None:
        self._raw = raw
        self._url = url
        self._number = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._heard: dict[int, Heard] = {}
        self._over = False

    @staticmethod
    async def let_in(raw: aiohttp.ClientWebSocketResponse, secret: str) -> bool:
        """Show the token at the door; whether it was accepted. Raises what aiohttp raises."""
        while True:
            said = await raw.receive_json()
            kind = said.get("type") if isinstance(said, dict) else None
            if kind == "auth_required":
                await raw.send_json({"type": "auth", "access_token": secret})
            elif kind == "auth_ok":
                return True
            elif kind == "auth_invalid":
                return False
            else:
                raise ValueError("what answers is no Home Assistant")

    async def run(self) -> None:
        """Take in what comes until the connection ends. Raises `HomeDown` then."""
        import aiohttp

        try:
            async for message in self._raw:
                if message.type is aiohttp.WSMsgType.TEXT:
                    said = json.loads(message.data)
                    for one in said if isinstance(said, list) else [said]:
                        self._take(one)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._lost() from error
        finally:
            self._over = True
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(self._lost())
                    waiting.exception()  # nobody may be waiting for it any more
        raise self._lost()

    async def call(self, kind: str, **fields: Any) -> Any:
        """Ask, and return the result. Raises `HomeFailed`, `HomeStarting`, `HomeDown`."""
        return await self._call(self._next(), kind, fields)

    async def subscribe(self, heard: Heard, kind: str, **fields: Any) -> int:
        """Ask for events, each of which is given to `heard`; return the number to end it with."""
        number = self._next()
        self._heard[number] = heard
        try:
            await self._call(number, kind, fields)
        except BaseException:
            self._heard.pop(number, None)
            raise
        return number

    async def unsubscribe(self, number: int) -> None:
        """Ask for no more of a subscription's events."""
        self._heard.pop(number, None)
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
                said = await answer
        except TimeoutError as error:
            raise HomeFailed(
                f"Home Assistant at {self._url} did not answer {kind} within {ANSWER:g} s"
            ) from error
        except OSError as error:
            raise self._lost() from error
        finally:
            del self._waiting[number]
        if said.get("success") or said.get("type") == "pong":
            return said.get("result")
        raise self._failed(kind, said.get("error"))

    def _take(self, said: Any) -> None:
        if not isinstance(said, dict):
            return
        number, kind = said.get("id"), said.get("type")
        if not isinstance(number, int):
            return
        if kind == "event" and number in self._heard and isinstance(said.get("event"), dict):
            self._heard[number](said["event"])
        answer = self._waiting.get(number)
        if kind in ("result", "pong") and answer is not None and not answer.done():
            answer.set_result(said)

    def _failed(self, kind: str, error: Any) -> EngineError:
        told = error if isinstance(error, dict) else {}
        code, message = str(told.get("code", "")), " ".join(str(told.get("message", "")).split())
        if code == "unauthorized":
            return HomeRefused(
                f"Home Assistant at {self._url} lets only administrators use {kind}: make the "
                "token as a user who is one"
            )
        if code == _LATER:
            return HomeStarting(f"Home Assistant at {self._url} does not know {kind} yet")
        return HomeFailed(f"Home Assistant at {self._url}: {kind}: {message[:200] or code}")

    def _lost(self) -> HomeDown:
        return HomeDown(f"the connection to Home Assistant at {self._url} ended")
