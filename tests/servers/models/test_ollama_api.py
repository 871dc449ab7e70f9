"""Ollama's API over HTTP: addresses, lines, limits, failures, and requests that are given up."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from servers import http_api
from servers.http_api import Answer, Closed, Interrupted, Refused, Silent, Unreachable
from servers.models.ollama_api import OllamaApi, base_url

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"

Write = Callable[[bytes], Awaitable[None]]


class Line(Answer, frozen=True):
    n: int = 0


@asynccontextmanager
async def api(
    answer: Callable[[Write], Awaitable[None]], timeout: float = 5.0
) -> AsyncGenerator[OllamaApi, None]:
    """A client of a server that answers every request in this way, then hangs up."""

    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        task.add_done_callback(serving.discard)

        async def write(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(write)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client has gone, or the test is over
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with OllamaApi(f"127.0.0.1:{port}", timeout) as made:
            yield made
    finally:
        server.close()
        for task in list(serving):
            task.cancel()
        await asyncio.sleep(0.001)  # transports close one step later


async def numbers(api: OllamaApi) -> list[int]:
    async with aclosing(api.stream("/api/chat", {}, Line)) as lines:
        return [line.n async for line in lines]


async def never(write: Write) -> None:
    await asyncio.sleep(60)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("1.2.3.4", "http://1.2.3.4:11434"),
        (":56789", "http://127.0.0.1:56789"),
        ("http://1.2.3.4", "http://1.2.3.4:80"),
        ("https://example.com", "https://example.com:443"),
        ("example.com:56789/path/", "http://example.com:56789/path"),
        ("[::1]", "http://[::1]:11434"),
        ("https://[::1]:56789/path", "https://[::1]:56789/path"),
    ],
)
def test_addresses_are_read_as_ollama_reads_them(host: str, url: str) -> None:
    assert base_url(host) == url


def test_the_environment_names_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "0.0.0.0:1234")
    assert base_url("") == "http://0.0.0.0:1234"
    assert base_url("here") == "http://here:11434"


@pytest.mark.parametrize("host", ["http://[nowhere", "ftp://here", "here:port"])
def test_other_texts_are_refused(host: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        base_url(host)


async def test_lines_may_be_cut_anywhere() -> None:
    text = b'{"n": 1}\n{"n": 2}\r\n\n{"n": 3}'

    async def bytewise(write: Write) -> None:
        await write(HEAD)
        for byte in text:
            await write(bytes([byte]))
            await asyncio.sleep(0)

    async def at_once(write: Write) -> None:
        await write(HEAD + text)

    for answer in (bytewise, at_once):
        async with api(answer) as client:
            assert await numbers(client) == [1, 2, 3]


async def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_api, "LONGEST", 100)

    async def endless(write: Write) -> None:
        await write(HEAD)
        while True:
            await write(b" " * 50)

    async with api(endless) as client:
        with pytest.raises(Interrupted, match="more than 100 bytes"):
            await numbers(client)
        with pytest.raises(Interrupted, match="more than 100 bytes"):
            await client.ask("GET", "/api/tags", None, Answer)


async def test_an_error_page_of_a_proxy_is_quoted_in_one_line() -> None:
    async def page(write: Write) -> None:
        await write(b"HTTP/1.1 502 Bad\r\nConnection: close\r\n\r\n<html>\nno upstream</html>")

    async with api(page) as client:
        with pytest.raises(Refused, match="<html> no upstream</html>") as raised:
            await numbers(client)
    assert raised.value.status == 502


async def test_silence_has_an_end() -> None:
    async with api(never, timeout=0.1) as client:
        with pytest.raises(Silent, match=r"0\.1 s"):
            await numbers(client)


async def test_a_closed_port_is_unreachable() -> None:
    async with OllamaApi("127.0.0.1:9", 5.0) as client:
        with pytest.raises(Unreachable):
            await numbers(client)


async def test_closing_ends_a_request_that_waits_for_its_answer() -> None:
    async with api(never) as client:
        waiting = asyncio.create_task(numbers(client))
        await asyncio.sleep(0.05)
        await client.close()
        await client.close()
        with pytest.raises(Closed):
            await asyncio.wait_for(waiting, 1)
        with pytest.raises(Closed):
            await numbers(client)


async def test_requests_cancelled_at_any_moment_leave_nothing_behind() -> None:
    async def endless(write: Write) -> None:
        await write(HEAD)
        while True:
            await write(b'{"n": 1}\n')
            await asyncio.sleep(0)

    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    async with api(endless) as client:
        async with aclosing(client.stream("/", {}, Line)) as lines:
            await anext(lines)  # the session is made
        await asyncio.sleep(0.05)
        before, tasks = descriptors(), len(asyncio.all_tasks())
        for steps in range(60):
            request = asyncio.create_task(numbers(client))
            for _ in range(steps):
                await asyncio.sleep(0)
            request.cancel()
            await asyncio.sleep(0)
            request.cancel()  # as when a client hangs up and its server ends
            with pytest.raises(asyncio.CancelledError):
                await request
        async with asyncio.timeout(5):
            while descriptors() > before or len(asyncio.all_tasks()) > tasks:
                await asyncio.sleep(0.01)
