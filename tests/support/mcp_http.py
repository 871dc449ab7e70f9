"""A server of MCP by Streamable HTTP that behaves as its test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.support.mcp_script import ECHO, UNLOCK

Message = dict[str, Any]


class HttpMcp:
    """Answers as a good server does; tests change a part."""

    def __init__(self, *, events: bool = False, sessions: bool = False, token: str = "") -> None:
        self.url = ""
        self.events = events
        self.sessions = sessions
        self.token = token
        self.tools: list[Message] = [ECHO, UNLOCK]
        self.seen: list[Message] = []
        self.headers: list[dict[str, str]] = []
        self.known: set[str] = set()
        self.left: list[str] = []
        self.release = asyncio.Event()
        self.stream: asyncio.Queue[Message] = asyncio.Queue()
        self.override: Any = None
        """Called with the request and the message; its response goes first, if there is one."""

    async def post(self, request: web.Request) -> web.StreamResponse:
        message = await request.json()
        self.seen.append(message)
        self.headers.append(dict(request.headers))
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401, text=f"not {request.headers.get('Authorization')}")
        if self.override is not None and (found := await self.override(request, message)):
            return found  # type: ignore[no-any-return]
        method = message.get("method", "")
        known = request.headers.get("Mcp-Session-Id") in self.known
        if self.sessions and method != "initialize" and not known:
            return web.Response(status=404)
        if "id" not in message or not method:
            return web.Response(status=202)
        return await self.answer(request, message)

    async def answer(self, request: web.Request, message: Message) -> web.StreamResponse:
        headers = {}
        if message["method"] == "initialize" and self.sessions:
            headers["Mcp-Session-Id"] = f"session-{len(self.known)}"
            self.known.add(headers["Mcp-Session-Id"])
        document = {"jsonrpc": "2.0", "id": message["id"], **self.result(message)}
        if not self.events:
            return web.json_response(document, headers=headers)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **headers})
        await response.prepare(request)
        note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {}}
        whole = json.dumps(document, indent=1)
        await response.write(b": a comment\r\n\r\nid: 1\r\ndata:\r\n\r\n")
        await response.write(f"event: message\ndata: {json.dumps(note)}\n\n".encode())
        data = "".join(f"data: {line}\n" for line in whole.splitlines())
        await response.write(f"{data}\n".encode())
        await self.release.wait()  # some servers leave the stream open
        return response

    def result(self, message: Message) -> Message:
        params = message.get("params", {})
        match message["method"]:
            case "initialize":
                version = params["protocolVersion"]
                return {"result": {"protocolVersion": version, "capabilities": {"tools": {}}}}
            case "tools/list":
                at = int(params.get("cursor", "0"))
                more = {"nextCursor": str(at + 1)} if at + 1 < len(self.tools) else {}
                return {"result": {"tools": self.tools[at : at + 1], **more}}
            case "tools/call":
                said = params["arguments"].get("text", "done")
                image = {"type": "image", "mimeType": "image/png", "data": "AAAA"}
                return {"result": {"content": [{"type": "text", "text": said}, image]}}
        return {"error": {"code": -32601, "message": "unknown"}}

    async def get(self, request: web.Request) -> web.StreamResponse:
        if not self.events:
            return web.Response(status=405)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while True:
            message = await self.stream.get()
            await response.write(f"data: {json.dumps(message)}\n\n".encode())

    async def delete(self, request: web.Request) -> web.Response:
        self.left.append(request.headers.get("Mcp-Session-Id", ""))
        return web.Response(status=200)


@asynccontextmanager
async def http_mcp(server: HttpMcp, port: int = 0) -> AsyncIterator[HttpMcp]:
    """Serve at /mcp."""
    application = web.Application()
    application.router.add_post("/mcp", server.post)
    application.router.add_get("/mcp", server.get)
    application.router.add_delete("/mcp", server.delete)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/mcp"
    try:
        yield server
    finally:
        server.release.set()
        await runner.cleanup()
