"""A server of OpenAI's API that answers by a script, for what real ones do not do at will."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Event = dict[str, Any] | str
"""A JSON document, or a line as it is."""


def words(*pieces: str, tokens: int = 12) -> list[Event]:
    """Return the events of an answer in words."""
    deltas: list[Event] = [
        {"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}
        for piece in pieces
    ]
    ended = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    return [*deltas, ended, {"choices": [], "usage": {"prompt_tokens": tokens}}, "data: [DONE]"]


def call(name: str, arguments: dict[str, Any]) -> list[Event]:
    """Return the events of an answer that calls a tool."""
    text = json.dumps(arguments)
    pieces = [
        {"index": 0, "id": "call_x", "function": {"name": name, "arguments": ""}},
        {"index": 0, "function": {"arguments": text[:3]}},
        {"index": 0, "function": {"arguments": text[3:]}},
    ]
    deltas: list[Event] = [
        {"choices": [{"index": 0, "delta": {"tool_calls": [piece]}, "finish_reason": None}]}
        for piece in pieces
    ]
    ended = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    return [*deltas, ended, "data: [DONE]"]


class FakeOpenAi:
    """The requests that came, and the answers to give."""

    def __init__(self, answer: Callable[[dict[str, Any]], list[Event] | web.Response]) -> None:
        self._answer = answer
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.listed: tuple[str, ...] = ("m",)
        self.url = ""

    async def models(self, request: web.Request) -> web.Response:
        """Answer GET /v1/models."""
        self.keys.append(request.headers.get("Authorization"))
        return web.json_response({"object": "list", "data": [{"id": n} for n in self.listed]})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a POST: of a chat, of speech as a form, or of text to say."""
        if request.content_type == "multipart/form-data":
            form = await request.post()
            body = {
                name: value.file.read() if isinstance(value, web.FileField) else value
                for name, value in form.items()
            }
        else:
            body = await request.json()
        self.asked.append(body)
        self.keys.append(request.headers.get("Authorization"))
        answer = self._answer(body)
        if isinstance(answer, web.Response):  # a copy, as each can be sent once
            kind = answer.headers.get("Content-Type", "")
            return web.Response(
                body=answer.body, status=answer.status, headers={"Content-Type": kind}
            )
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for event in answer:
            line = event if isinstance(event, str) else f"data: {json.dumps(event)}"
            await response.write(f"{line}\n\n".encode())
        return response


@asynccontextmanager
async def fake_openai(
    answer: Callable[[dict[str, Any]], list[Event] | web.Response],
) -> AsyncIterator[FakeOpenAi]:
    """Serve on a free port until the block is left."""
    fake = FakeOpenAi(answer)
    app = web.Application(client_max_size=64 << 20)
    app.router.add_get("/v1/models", fake.models)
    for path in ("chat/completions", "audio/transcriptions", "audio/speech"):
        app.router.add_post(f"/v1/{path}", fake.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield fake
    finally:
        await runner.cleanup()
