"""Attacks on the HTTP door over real sockets: they get nothing, and cost nothing."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from contextlib import suppress
from pathlib import Path

import aiohttp
import psutil
import pytest
from aiohttp import web

from satellite.http import connections
from satellite.http.auth import Guard
from satellite.http.browsers import Browsers
from satellite.http.route import Route, json_answer
from satellite.http.server import guarded_server
from satellite.net.allowed import AllowedNetworks
from satellite.net.pairing.key_store import KeyStore
from tests.support.http_door import CODE, OpenDoor, open_door

GIGABYTE = 1 << 30
SMALL = 4096
"""Bytes of the network's buffers."""
LITTLE = 48 << 20
"""Bytes by which a program may grow during an attack: buffers, and Python's own."""


def resident() -> int:
    return int(psutil.Process().memory_info().rss)


async def test_an_attackers_page_gets_nothing_with_the_cookie_of_a_browser(tmp_path: Path) -> None:
    """Browsers would not send the cookie (SameSite=Strict); it is refused even if one does."""
    async with open_door(tmp_path) as door:
        await door.shows_code()
        async with door.client() as session:
            assert await door.log_in(session) == 200
            for origin in ("https://evil.example", "null", "https://127.0.0.1:1", door.local):
                evil = {"Origin": origin}
                assert await door.status(session, headers=evil) == 403
                async with session.post(door.lan + "/api/take", headers=evil) as response:
                    assert response.status == 403
                with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                    await session.ws_connect(door.lan + "/talk", headers=evil)
                assert caught.value.status == 403
                async with session.post(
                    door.lan + "/api/login", headers=evil, json={"code": CODE}
                ) as response:
                    assert response.status == 403
            image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
            assert await door.status(session, "/", headers=image) == 403
            assert await door.status(session, headers={"Origin": door.lan}) == 200
        assert door.received == []


async def test_an_attackers_page_gets_nothing_from_the_port_of_this_machine(tmp_path: Path) -> None:
    """No log-in is needed there, so that `Host` and `Origin` decide."""
    async with open_door(tmp_path) as door, aiohttp.ClientSession() as session:
        port = door.settings.http.port
        for headers in (
            {"Origin": "http://evil.example"},
            {"Host": "evil.example"},
            {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"},
            {"Host": f"den.local:{port}"},
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        ):
            async with session.get(door.local + "/api/state", headers=headers) as response:
                assert response.status == 403, headers
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(door.local + "/talk", headers=headers)
        async with session.get(door.local + "/api/state") as response:
            assert await response.json() == {"how": "local"}


async def test_a_wrong_host_gets_nothing_on_the_lan(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        await door.shows_code()
        async with door.client() as session:
            assert await door.log_in(session) == 200
            for host in ("evil.example", "127.0.0.1.evil.example", "", "localhost@evil"):
                assert await door.status(session, headers={"Host": host}) == 403, host
                assert await door.status(session, "/", headers={"Host": host}) == 403, host


async def test_codes_cannot_be_guessed_by_many_clients_at_once(tmp_path: Path) -> None:
    """Of forty guesses at once, few are judged, and the right one comes too late."""
    async with open_door(tmp_path) as door:
        await door.shows_code()
        async with door.client() as session:
            guesses = [door.log_in(session, f"{number:08}") for number in range(40)]
            answers = await asyncio.gather(*guesses, return_exceptions=True)
            # more connections of one address than it may have are refused
            ended = [answer for answer in answers if not isinstance(answer, int)]
            assert all(isinstance(answer, aiohttp.ClientError) for answer in ended)
            assert {answer for answer in answers if isinstance(answer, int)} == {403, 429}
            assert answers.count(403) <= 6
        code = door.browsers.code()
        assert code is not None
        assert not code.valid(time.time())
        assert door.browsers.log_in(CODE, "x", "10.0.0.1") is None
        assert door.browsers.all() == ()


async def test_a_stolen_old_cookie_opens_nothing(tmp_path: Path) -> None:
    """Neither one of a browser that was logged out, nor one of another machine, nor at another
    door of this one without TLS."""
    async with open_door(tmp_path / "one") as door, open_door(tmp_path / "two") as other:
        for each in (door, other):
            await each.shows_code()
        async with door.client() as session, other.client() as thief:
            async with session.post(door.lan + "/api/login", json={"code": CODE}) as response:
                cookie = response.headers["Set-Cookie"].partition(";")[0]
            name, _, secret = cookie.partition("=")
            assert await door.status(thief, ssl=False, headers={"Cookie": cookie}) == 200
            assert await other.status(thief, headers={"Cookie": cookie}) == 401
            mine = f"__Host-{other.browsers.cookie}={secret}"
            assert await other.status(thief, headers={"Cookie": mine}) == 401
            plain = cookie.removeprefix("__Host-")
            assert await door.status(thief, ssl=False, headers={"Cookie": plain}) == 401
            for wrong in (f"{name}=", f"{name}={secret}x", f"x{cookie}", name, f"{name}={CODE}"):
                answer = await door.status(thief, ssl=False, headers={"Cookie": wrong})
                assert answer == 401, wrong
            Browsers(KeyStore(tmp_path / "one" / "keys")).revoke(None)
            assert await door.status(thief, ssl=False, headers={"Cookie": cookie}) == 401


async def connected(door: OpenDoor) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(
        "127.0.0.1", door.port, ssl=await door.trusting(), server_hostname="127.0.0.1"
    )


@pytest.mark.parametrize("path", ["/api/login", "/api/take"])
@pytest.mark.parametrize("framing", ["Content-Length: 1073741824", "Transfer-Encoding: chunked"])
async def test_a_gigabyte_is_refused_before_it_is_sent(
    tmp_path: Path, path: str, framing: str
) -> None:
    async with open_door(tmp_path) as door:
        await door.shows_code()
        reader, writer = await connected(door)
        before = resident()
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\n{framing}\r\n\r\n".encode()
        )
        piece = b"10000\r\n" + bytes(65536) + b"\r\n" if "chunked" in framing else bytes(65536)
        sent = 0
        with suppress(OSError):
            while sent < GIGABYTE:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)  # drain does not yield, and the end would not be seen
                sent += len(piece)
                if writer.is_closing():
                    break
        answer = b""
        with suppress(OSError):
            answer = await reader.read(4096)
        assert sent < GIGABYTE
        assert answer.startswith((b"HTTP/1.1 413", b"HTTP/1.1 401")) or not answer
        assert resident() - before < LITTLE
        assert door.received == []
        writer.transport.abort()


async def test_a_message_of_a_gigabyte_ends_its_websocket(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        await door.shows_code()
        async with door.client() as session:
            assert await door.log_in(session) == 200
            async with session.ws_connect(door.lan + "/talk", max_msg_size=0) as socket:
                before = resident()
                with suppress(OSError, aiohttp.ClientError):
                    await socket.send_bytes(bytes(1 << 20))
                message = await socket.receive(timeout=10)
                assert message.type is not aiohttp.WSMsgType.BINARY
                assert resident() - before < LITTLE
            assert door.received == []
            assert await door.status(session) == 200


@pytest.mark.parametrize("tls", [True, False])
async def test_a_slow_reader_is_cut_off_and_others_are_served(
    tmp_path: Path, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "STUCK", 0.3)
    monkeypatch.setattr(connections, "_SWEEP", 0.1)
    async with open_door(tmp_path) as door:
        await door.shows_code()
        async with door.client() as session:
            cookie = ""
            async with session.post(door.lan + "/api/login", json={"code": CODE}) as response:
                cookie = response.headers["Set-Cookie"].partition(";")[0]
            if tls:
                reader, writer = await connected(door)
                port = door.port
            else:
                port = door.settings.http.port
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            before = resident()
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            head = f"GET /api/much HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n"
            writer.write(head.encode())
            await asyncio.sleep(1.5)
            assert resident() - before < LITTLE
            assert await door.status(session) == 200
            writer.transport.resume_reading()  # type: ignore[attr-defined]
            with suppress(OSError, ssl.SSLError):
                while await reader.read(1 << 20):
                    pass
            writer.transport.abort()


async def test_one_address_takes_no_more_than_its_connections(tmp_path: Path) -> None:
    """Half-open ones included, which speak neither HTTP nor TLS."""
    async with open_door(tmp_path) as door:
        await door.shows_code()
        silent = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(40)]
        ended = [asyncio.create_task(reader.read()) for reader, _ in silent]
        await asyncio.sleep(0.3)
        assert sum(task.done() for task in ended) >= 24
        async with aiohttp.ClientSession() as session, session.get(door.local) as response:
            assert response.status == 200, "this machine has places of its own"
        for task in ended:
            task.cancel()
        for _, writer in silent:
            writer.transport.abort()
        await asyncio.gather(*ended, return_exceptions=True)


async def test_garbage_in_place_of_tls_ends_nothing(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        await door.shows_code()
        for garbage in (b"\x16", b"\x16\x03\x01\xff\xff" + bytes(300), b"\x00" * 20000, b""):
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(garbage)
            writer.write_eof()
            with suppress(OSError):
                await asyncio.wait_for(reader.read(), 5)
            writer.transport.abort()
        async with door.client() as session:
            assert await door.status(session, "/") == 200


async def test_requests_behind_one_that_takes_long_are_left_in_the_network() -> None:
    """aiohttp before 3.14.1 reads and stores all of them meanwhile."""
    answer = asyncio.Event()

    async def wait(_: web.Request) -> web.Response:
        await answer.wait()
        return json_answer({})

    loop, listener = asyncio.get_running_loop(), connections.listening_socket("127.0.0.1", 0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    routes, loopback = [Route("GET", "/slow", wait)], AllowedNetworks(("loopback",))
    async with guarded_server(listener, [lambda: routes], Guard(None), loopback):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
            client.setblocking(False)
            await loop.sock_connect(client, listener.getsockname())
            request = b"GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.5):
                    await loop.sock_sendall(client, request * 30_000)
        answer.set()
