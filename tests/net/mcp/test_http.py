"""Servers of MCP by Streamable HTTP, good ones and bad ones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web

from satellite.errors import AnswerBroken, EngineDown, EngineError, EngineFailed, EngineTimeout
from satellite.net.mcp.server import Target
from tests.net.mcp.connecting import call, servers, until
from tests.support.mcp_http import HttpMcp, Message, http_mcp

TOKEN = "a-token-of-the-test"


def target(server: HttpMcp, **more: Any) -> Target:
    return Target(**{"name": "h", "url": server.url, "timeout": 3.0, **more})


def authorized() -> Mapping[str, str]:
    return {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize("events", [False, True])
@pytest.mark.parametrize("sessions", [False, True])
async def test_tools_of_all_pages_are_offered_and_called(events: bool, sessions: bool) -> None:
    async with http_mcp(HttpMcp(events=events, sessions=sessions)) as server:
        async with servers(target(server)) as found:
            assert [t.name for t in await found.offered()] == ["h_echo", "h_un_lock"]
            said = await call(found, "h_echo", text="hello")
            assert said == "hello\n[image image/png, not shown]"
        assert server.left == (["session-0"] if sessions else [])
    first, *later = server.headers
    assert first["Accept"] == "application/json, text/event-stream"
    assert "MCP-Protocol-Version" not in first
    assert {h["MCP-Protocol-Version"] for h in later} == {"2025-11-25"}
    if sessions:
        assert {h["Mcp-Session-Id"] for h in later} == {"session-0"}


async def test_a_lost_session_is_opened_again_and_the_call_repeated() -> None:
    async with http_mcp(HttpMcp(sessions=True)) as server, servers(target(server)) as found:
        for number in range(3):
            await asyncio.sleep(1.1)
            server.known.clear()  # as after a restart
            assert (await call(found, "h_echo", text=str(number))).startswith(str(number))
        calls = [m for m in server.seen if m.get("method") == "tools/call"]
        assert len(calls) == 6  # half of them were refused
        assert len([m for m in server.seen if m.get("method") == "initialize"]) == 4


async def test_a_server_that_knows_no_session_is_not_asked_for_ever() -> None:
    async def forget(request: web.Request, message: Message) -> web.Response | None:
        return web.Response(status=404) if message.get("method") == "tools/call" else None

    server = HttpMcp(sessions=True)
    server.override = forget
    async with http_mcp(server), servers(target(server)) as found:
        with pytest.raises(EngineError):
            await call(found, "h_echo", text="x")
        await asyncio.sleep(0.5)
        assert len([m for m in server.seen if m.get("method") == "initialize"]) <= 4


async def test_the_token_is_sent_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with http_mcp(HttpMcp(token=TOKEN)) as server:
        async with servers(target(server, headers=authorized)) as found:
            assert (await call(found, "h_echo", text="x")).startswith("x")
        server.token = "another"
        async with servers(target(server, headers=authorized)) as found:
            assert "refuses the token" in str(found.servers[0].error)
    assert TOKEN not in caplog.text


async def test_a_redirection_is_not_followed() -> None:
    reached = []

    async def elsewhere(request: web.Request, message: Message) -> web.Response | None:
        reached.append(request.headers.get("Authorization"))
        return web.Response(status=307, headers={"Location": "http://example.com/mcp"})

    server = HttpMcp()
    server.override = elsewhere
    async with http_mcp(server), servers(target(server, headers=authorized)) as found:
        assert "is elsewhere (HTTP 307)" in str(found.servers[0].error)
    assert len(reached) == 1


async def test_an_unreachable_server_is_reported_and_used_once_it_is_back(
    unused_tcp_port: int,
) -> None:
    server = HttpMcp()
    server.url = f"http://127.0.0.1:{unused_tcp_port}/mcp"
    async with servers(target(server)) as found:
        assert isinstance(found.servers[0].error, EngineDown)
        async with http_mcp(server, unused_tcp_port):
            await until(lambda: bool(found.servers[0].tools))
            assert (await call(found, "h_echo", text="x")).startswith("x")
        offered = await found.offered()
        with pytest.raises(EngineDown):
            await offered[0].run({"text": "x"})
        assert await found.offered() == ()


async def test_the_address_of_older_versions_is_tried_where_there_is_nothing() -> None:
    async with http_mcp(HttpMcp()) as server:
        place = Target(name="h", url=f"{server.url}/assist", older_url=server.url)
        async with servers(place) as found:
            assert [t.name for t in await found.offered()] == ["h_echo", "h_un_lock"]
        nowhere = Target(name="h", url=f"{server.url}/a", older_url=f"{server.url}/b")
        async with servers(nowhere) as found:
            assert "there is no MCP by Streamable HTTP" in str(found.servers[0].error)


async def test_excluded_tools_are_not_allowed_and_prefixes_of_the_home_are_left_out() -> None:
    server = HttpMcp()
    names = ("intent__HassTurnOn", "llm__GetDateTime", "intent__HassCancelAllTimers")
    server.tools = [{**server.tools[0], "name": name} for name in names]
    async with (
        http_mcp(server),
        servers(target(server, home=True, excluded=("*Timer*", "*DateTime"))) as found,
    ):
        (only,) = await found.offered()
    assert (only.name, only.origin, only.home) == ("h_HassTurnOn", "h: intent__HassTurnOn", True)


@pytest.mark.parametrize("end", ["cancel", "time"])
async def test_a_call_that_ends_early_is_cancelled_at_the_server(end: str) -> None:
    hanging = asyncio.Event()

    async def hang(request: web.Request, message: Message) -> web.Response | None:
        if message.get("method") == "tools/call":
            hanging.set()
            await asyncio.sleep(60)
        return None

    server = HttpMcp()
    server.override = hang
    async with http_mcp(server), servers(target(server, timeout=0.5)) as found:
        calling = asyncio.create_task(call(found, "h_echo", text="x"))
        await hanging.wait()
        if end == "cancel":
            calling.cancel()
        await asyncio.wait([calling])
        assert calling.cancelled() or isinstance(calling.exception(), EngineTimeout)
        await until(lambda: server.seen[-1]["method"] in ("ping", "notifications/cancelled"))
        await until(lambda: any(m["method"] == "notifications/cancelled" for m in server.seen))
    (asked,) = [m for m in server.seen if m["method"] == "tools/call"]
    (note,) = [m for m in server.seen if m["method"] == "notifications/cancelled"]
    assert note["params"]["requestId"] == asked["id"]


async def raw(request: web.Request, body: bytes, kind: str = "application/json") -> web.Response:
    return web.Response(body=body, content_type=kind)


BAD = {
    "no JSON": (b"{", "application/json"),
    "wrong id": (b'{"jsonrpc":"2.0","id":99,"result":{"content":[]}}', "application/json"),
    "a page": (b"<html>", "text/html"),
    "no result": (b'{"jsonrpc":"2.0","id":5}', "application/json"),
    "deep": (b"[" * 100_000, "application/json"),
    "long": (b'"' + b"x" * (2 << 20), "application/json"),
    "long event": (b"data: " + b"x" * (2 << 20), "text/event-stream"),
    "events without an answer": (b"data: {}\n\n", "text/event-stream"),
}


@pytest.mark.parametrize("bad", BAD)
async def test_an_answer_that_is_none_fails_the_call_alone(bad: str) -> None:
    async def answer(request: web.Request, message: Message) -> web.Response | None:
        if message.get("method") == "tools/call" and message["params"]["arguments"] == {
            "text": "bad"
        }:
            return await raw(request, *BAD[bad])
        return None

    server = HttpMcp()
    server.override = answer
    async with http_mcp(server), servers(target(server)) as found:
        with pytest.raises((AnswerBroken, EngineFailed)):
            await call(found, "h_echo", text="bad")
        assert (await call(found, "h_echo", text="good")).startswith("good")


async def test_a_stream_without_an_end_is_a_flood() -> None:
    async def answer(request: web.Request, message: Message) -> web.StreamResponse | None:
        if message.get("method") != "tools/call":
            return None
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while request.transport is not None:
            await response.write(b'data: {"method": "notifications/message"}\n\n' * 50)
            await asyncio.sleep(0)
        return response

    server = HttpMcp()
    server.override = answer
    async with http_mcp(server), servers(target(server, timeout=20.0)) as found:
        with pytest.raises(EngineFailed, match="it is disconnected"):
            await call(found, "h_echo", text="x")


async def test_the_servers_own_stream_is_read() -> None:
    async with http_mcp(HttpMcp(events=True)) as server, servers(target(server)) as found:
        server.tools.append({**server.tools[0], "name": "later"})
        await server.stream.put({"method": "notifications/tools/list_changed"})
        await until(lambda: len(found.servers[0].tools) == 3)
        await server.stream.put({"id": "p", "method": "ping"})
        await server.stream.put({"id": "e", "method": "elicitation/create", "params": {}})
        await until(lambda: {"p", "e"} <= {m.get("id") for m in server.seen})
    (ping,) = [m for m in server.seen if m.get("id") == "p"]
    (asked,) = [m for m in server.seen if m.get("id") == "e"]
    assert ping["result"] == {}
    assert asked["error"]["code"] == -32601
