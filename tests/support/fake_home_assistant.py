"""A Home Assistant to test against: real HTTP and a real WebSocket, with things that are switched.

Answers have the shape of Home Assistant 2026.11's, as far as a client needs them.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

TOKEN = "secret-of-the-house"

NO_MATCH = {"response_type": "error", "data": {"code": "no_intent_match"}}


class FakeHome:
    """The server and the things in its home. Change them, then call `announce`."""

    def __init__(self) -> None:
        self.token = TOKEN
        self.state = "RUNNING"
        self.states: dict[str, tuple[str, dict[str, Any]]] = {}
        self.entries: dict[str, dict[str, Any]] = {}
        self.areas: list[dict[str, Any]] = []
        self.devices: list[dict[str, Any]] = []
        self.exposed: set[str] = set()
        self.integrations: list[dict[str, Any]] = []
        """Config entries."""
        self.flows: list[dict[str, Any]] = []
        """Discovered services that wait for a person."""
        self.called: list[tuple[str, str, dict[str, Any], list[str]]] = []
        """Domain, service, data and ids of every service call."""
        self.responses: dict[str, dict[str, Any]] = {}
        """What services answer for each of their entities, by domain and service."""
        self.asked: list[dict[str, Any]] = []
        """The bodies of requests to the conversation API."""
        self.answers: dict[str, Any] = {}
        """Answers of the conversation API by text: speech, or a whole `response`."""
        self.refusal: dict[str, Any] | None = None
        """Errors of services and commands, by name."""
        self.refused: set[str] = set()
        self.status = 0
        """The HTTP status of every answer, if set."""
        self.status_of_conversation = 0
        """The HTTP status of the conversation API, if set."""
        self.hold = asyncio.Event()
        """While this event is not set, no question is answered; `held` counts them."""
        self.hold.set()
        self.held = 0
        self.connections = 0
        self.url = ""
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._sockets: dict[web.WebSocketResponse, dict[int, dict[str, Any]]] = {}

    def add(
        self, id_: str, name: str, state: str = "off", *, area: str | None = None,
        aliases: tuple[str | None, ...] = (), exposed: bool = True, registered: bool = True,
        device: str | None = None, **attributes: Any,
    ) -> None:  # fmt: skip
        """Add a thing to the home."""
        self.states[id_] = (state, {"friendly_name": name, **attributes})
        if registered:
            self.entries[id_] = {
                "entity_id": id_, "name": None, "original_name": name, "area_id": area,
                "device_id": device, "aliases": list(aliases),
            }  # fmt: skip
        if exposed:
            self.exposed.add(id_)

    def room(self, name: str, *aliases: str, thermometer: str | None = None) -> str:
        """Add a room; return its id."""
        id_ = name.lower().replace(" ", "_")
        self.areas.append(
            {"area_id": id_, "name": name, "aliases": [*aliases],
             "temperature_entity_id": thermometer}
        )  # fmt: skip
        return id_

    async def set(self, id_: str, state: str, **attributes: Any) -> None:
        """Change the state of a thing and notify subscribers."""
        before = self.states[id_][1]
        self.states[id_] = (state, {**before, **attributes})
        change = {"c": {id_: {"+": {"s": state, "a": attributes}}}}
        await self._send_event("subscribe_entities", change, id_)

    async def announce(self, event: str = "entity_registry_updated") -> None:
        """Announce a change of a registry."""
        await self._send_event("subscribe_events", {"event_type": event, "data": {}}, event)

    async def start(self) -> None:
        """Listen, at the same port as before."""
        app = web.Application()
        app.router.add_get("/api/websocket", self._websocket)
        app.router.add_get("/api/", self._running)
        app.router.add_get("/api/config", self._config)
        app.router.add_post("/api/conversation/process", self._converse)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"

    async def stop(self) -> None:
        """Stop the server."""
        self.hold.set()
        for socket in list(self._sockets):
            await socket.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _running(self, request: web.Request) -> web.Response:
        return self._refusing(request) or web.json_response({"message": "API running."})

    async def _config(self, request: web.Request) -> web.Response:
        return self._refusing(request) or web.json_response({"state": self.state})

    async def _converse(self, request: web.Request) -> web.Response:
        if (refusal := self._refusing(request)) is not None:
            return refusal
        if self.status_of_conversation:
            return web.Response(status=self.status_of_conversation)
        body = await request.json()
        self.asked.append(body)
        if body.get("agent_id") == "conversation.nobody":
            return web.json_response({"message": "Message format incorrect: invalid agent ID for "
                                      "dictionary value"}, status=400)  # fmt: skip
        answer = self.answers.get(body["text"], NO_MATCH)
        response = {"response_type": "action_done"} if isinstance(answer, str) else dict(answer)
        text = answer if isinstance(answer, str) else "Sorry, I couldn't understand that"
        response.setdefault("speech", {"plain": {"speech": text, "extra_data": None}})
        there = {"response": response, "conversation_id": body.get("conversation_id") or "theirs"}
        return web.json_response({**there, "continue_conversation": False})

    def _refusing(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401, text="401: Unauthorized")
        if self.status:
            return web.json_response({"message": "trouble"}, status=self.status)
        return None

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connections += 1
        await socket.send_json({"type": "auth_required", "ha_version": "2026.11.0"})
        if (await socket.receive_json()).get("access_token") != self.token:
            await socket.send_json({"type": "auth_invalid", "message": "Invalid access token"})
            await socket.close()
            return socket
        await socket.send_json({"type": "auth_ok", "ha_version": "2026.11.0"})
        subscriptions = self._sockets[socket] = {}
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._answer(socket, subscriptions, json.loads(message.data))
        finally:
            del self._sockets[socket]
        return socket

    async def _answer(
        self, socket: web.WebSocketResponse, subscriptions: dict[int, dict[str, Any]], asked: Any
    ) -> None:
        number, kind = asked["id"], asked["type"]
        if kind == "ping":
            await socket.send_json({"id": number, "type": "pong"})
            return
        if not self.hold.is_set():
            self.held += 1
            await self.hold.wait()
        service = f"{asked.get('domain')}.{asked.get('service')}"
        if self.refused & {kind, service}:
            answer = {"id": number, "type": "result", "success": False, "error": self.refusal}
            await socket.send_json(answer)
            return
        result = await self._result(kind, asked)
        if kind.startswith("subscribe_"):
            subscriptions[number] = asked
        await socket.send_json({"id": number, "type": "result", "success": True, "result": result})
        if kind == "subscribe_entities":
            states = {i: {"s": s, "a": a} for i, (s, a) in self.states.items()
                    if i in asked["entity_ids"]}  # fmt: skip
            await socket.send_json({"id": number, "type": "event", "event": {"a": states}})

    async def _result(self, kind: str, asked: dict[str, Any]) -> Any:
        match kind:
            case "homeassistant/expose_entity/list":
                return {"exposed_entities": {i: {"conversation": True} for i in self.exposed}}
            case "config_entries/get":
                return [i for i in self.integrations if i["domain"] == asked["domain"]]
            case "config_entries/flow/progress":
                return self.flows
            case "config/area_registry/list":
                return self.areas
            case "config/device_registry/list":
                return self.devices
            case "config/entity_registry/get_entries":
                return {i: self.entries.get(i) for i in asked["entity_ids"]}
            case "call_service":
                await self._serve(asked)
                if asked.get("return_response"):
                    own = self.responses.get(f"{asked['domain']}.{asked['service']}")
                    return {"context": {}, "response": dict.fromkeys(
                        asked["target"]["entity_id"], own)}  # fmt: skip
        return None

    async def _serve(self, asked: dict[str, Any]) -> None:
        ids, service = asked["target"]["entity_id"], asked["service"]
        self.called.append((asked["domain"], service, asked["service_data"], ids))
        becomes = {"turn_on": "on", "turn_off": "off", "open_cover": "open",
                   "close_cover": "closed", "lock": "locked", "unlock": "unlocked"}  # fmt: skip
        for id_ in ids:
            if service in becomes:
                await self.set(id_, becomes[service])

    async def _send_event(self, kind: str, event: dict[str, Any], about: str) -> None:
        for socket, subscriptions in list(self._sockets.items()):
            for number, asked in subscriptions.items():
                if asked["type"] == kind and about in (asked.get("event_type"),
                                                       *asked.get("entity_ids", ())):  # fmt: skip
                    await socket.send_json({"id": number, "type": "event", "event": event})
