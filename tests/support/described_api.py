"""A client of the HTTP API that checks every answer against the API's own description."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import jsonschema

from satellite.http.api.engines import EngineAccess
from satellite.http.auth import Guard
from satellite.http.connections import listening_socket
from satellite.http.lazy_routes import make_engine_routes
from satellite.http.route import MakeRoutes, Route
from satellite.http.server import guarded_server
from satellite.http.token import Token
from satellite.net.allowed import AllowedNetworks
from satellite.net.memory_budget import MemoryBudget


class Answer:
    """An answer: its status, media type and content."""

    def __init__(self, status: int, kind: str, headers: Any, body: bytes) -> None:
        self.status, self.kind, self.headers, self.body = status, kind, headers, body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The data of server-sent events, without the end mark of OpenAI's."""
        lines = [line for line in self.body.decode().split("\n") if line.startswith("data: ")]
        return [json.loads(line[6:]) for line in lines if line != "data: [DONE]"]


class DescribedApi:
    """The client. `checked` are the paths whose answers were checked."""

    def __init__(self, address: str, session: aiohttp.ClientSession, description: Any) -> None:
        self.address, self.session, self.description = address, session, description
        self.checked: set[tuple[str, str]] = set()

    async def ask(self, method: str, path: str, **more: Any) -> Answer:
        """Send a request; check that its answer fits the description, and return it."""
        async with self.session.request(method, self.address + path, **more) as response:
            body = await response.read()
        answer = Answer(response.status, response.content_type, response.headers, body)
        self.check(method.lower(), path.partition("?")[0], answer)
        return answer

    def check(self, method: str, path: str, answer: Answer) -> None:
        """Check that an answer fits the description of its path, which must exist."""
        known, operation = self._operation(method, path)
        responses = operation["responses"]
        described = responses.get(str(answer.status)) or responses["default"]
        assert answer.kind in described["content"], (path, answer.kind, answer.body[:200])
        schema = described["content"][answer.kind].get("schema")
        self.checked.add((method, known))
        if schema is None:
            return
        for value in (
            answer.events
            if answer.kind == "text/event-stream"
            else ([answer.body.decode()] if answer.kind == "text/plain" else [answer.json])
        ):
            rooted = {**schema, "components": self.description["components"]}
            jsonschema.validate(value, rooted, jsonschema.Draft202012Validator)

    def _operation(self, method: str, path: str) -> tuple[str, Any]:
        for known, methods in self.description["paths"].items():
            pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(known))
            if re.fullmatch(pattern, path) and method in methods:
                return known, methods[method]
        raise AssertionError(f"{method} {path} is not described")


@asynccontextmanager
async def served_routes(
    *routes: MakeRoutes, token: Token | None = None
) -> AsyncGenerator[DescribedApi, None]:
    """Serve routes during this block; yield the client."""
    listener = listening_socket("127.0.0.1", 0, "http.port")
    allowed = AllowedNetworks(("loopback",))
    headers = token.headers if token else {}
    async with (
        guarded_server(listener, routes, Guard(token), allowed) as address,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        async with session.get(f"{address}/api/openapi.json") as response:
            description = await response.json()
        yield DescribedApi(address, session, description)


def engine_routes(engines: EngineAccess, memory: MemoryBudget | None = None) -> MakeRoutes:
    """Return what makes the routes of engines."""

    def make() -> Sequence[Route]:
        return make_engine_routes(engines, memory or MemoryBudget())

    return partial(make)
