"""Logging in by a code over real HTTPS, and what a browser may do then."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import time
from pathlib import Path

import aiohttp
import msgspec
import pytest

from satellite.http import application, lan_door, live_requests, log_in
from satellite.http import browsers as module
from satellite.http.browsers import Browsers, browser_name
from satellite.net.pairing.errors import KeysUnusable
from satellite.net.pairing.key_store import KeyStore
from tests.support.http_door import CODE, FIREFOX, open_door
from tests.support.ports import free_port


async def test_a_browser_logs_in_by_a_code_and_is_listed_and_logs_out(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection("127.0.0.1", door.port)
        await door.shows_code()
        async with door.client() as session:
            assert await door.status(session) == 401
            assert await door.status(session, "/") == 200
            async with session.get(door.lan + "/api/login") as response:
                facts = await response.json()
                assert facts == {"allowed": False, "how": "anyone", "secure": True}
            async with session.post(
                door.lan + "/api/login", json={"code": "1234 5678"}
            ) as response:
                assert response.status == 200
                (cookie,) = response.headers.getall("Set-Cookie")
            assert cookie.startswith("__Host-satellite-")
            for part in ("Path=/", "HttpOnly", "SameSite=Strict", "Secure", "Max-Age=2592000"):
                assert f"; {part}" in cookie
            assert "Domain" not in cookie
            secret = cookie.partition("=")[2].partition(";")[0]
            stored = tmp_path / "keys" / "browsers.json"
            assert secret not in stored.read_text(), "of the cookie, a hash is stored"
            assert stored.stat().st_mode & 0o777 == 0o600
            async with session.get(door.lan + "/api/state") as response:
                assert await response.json() == {"how": "browser"}
            async with session.ws_connect(door.lan + "/talk") as socket:
                await socket.send_bytes(b"x")
                assert await socket.receive_bytes() == b"heard"
            async with session.get(door.lan + "/api/browsers") as response:
                (listed,) = (await response.json())["browsers"]
            assert (listed["name"], listed["address"]) == ("Firefox on Android", "127.0.0.1")
            assert listed["this"] is True
            async with session.post(door.lan + "/api/logout") as response:
                assert response.status == 200
                assert "Max-Age=0" in response.headers["Set-Cookie"]
            assert await door.status(session) == 401


async def test_a_code_is_for_one_browser_and_ends_after_three_wrong_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_in, "PER_ADDRESS", 7)
    async with open_door(tmp_path) as door:
        await door.shows_code()
        async with door.client() as first, door.client() as second:
            assert await door.log_in(second, "87654321") == 403
            assert await door.log_in(first) == 200
            assert await door.log_in(second) == 403, "it was used"
            await door.shows_code()
            for wrong in ("00000000", "", "1234567\u0668"):
                assert await door.log_in(second, wrong) == 403
            assert await door.log_in(second) == 403, "three wrong ones have ended it"
            assert await door.log_in(second) == 429, "and too many tries of one address"
            code = door.browsers.code()
            assert code is not None
            assert code.wrong == ("127.0.0.1",) * 3


async def ends(response: aiohttp.ClientResponse) -> bool:
    """Read an answer that has no end by itself; return whether it is cut off."""
    try:
        while await response.content.readany():
            pass
    except aiohttp.ClientError:
        return True
    return False


async def test_a_revoked_browser_loses_its_open_socket_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another process, as `satellite page --revoke` is; the other browser goes on."""
    monkeypatch.setattr(live_requests, "CHECK", 0.05)
    async with open_door(tmp_path) as door:
        await door.shows_code()
        async with door.client() as session, door.client() as other:
            assert await door.log_in(session) == 200
            await door.shows_code()
            assert await door.log_in(other) == 200
            elsewhere = Browsers(KeyStore(tmp_path / "keys"))
            async with (
                session.ws_connect(door.lan + "/talk") as socket,
                other.ws_connect(door.lan + "/talk") as second,
                session.get(door.lan + "/api/much") as much,
            ):
                first = elsewhere.all()[0]
                assert [browser.id for browser in elsewhere.revoke(first.id)] == [first.id]
                message = await socket.receive(timeout=2)
                assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
                assert await ends(much)
                await second.send_bytes(b"x")
                assert await second.receive_bytes() == b"heard"
            assert await door.status(session) == 401
            async with other.post(door.lan + "/api/browsers/revoke", json={"id": "x"}) as response:
                assert response.status == 404
            async with other.post(
                door.lan + "/api/browsers/revoke", json={"id": "all"}
            ) as response:
                assert response.status == 200
            assert await door.status(other) == 401


async def test_the_port_closes_when_no_browser_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lan_door, "LOOK", 0.05)
    async with open_door(tmp_path) as door:
        await door.shows_code()
        code = door.browsers.code()
        assert code is not None
        door.browsers.withdraw(code)
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", door.port)
            except OSError:
                break
            writer.close()
            await asyncio.sleep(0.05)
        await door.shows_code()
        async with door.client() as session:
            assert await door.log_in(session) == 200


async def test_plain_http_from_the_lan_names_what_to_open(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, aiohttp.ClientSession() as session:
        await door.shows_code()
        plain = f"http://127.0.0.1:{door.port}"
        async with session.get(plain, headers={"Accept": "text/html,*/*"}) as response:
            assert response.status == 403
            assert f'href="https://127.0.0.1:{door.port}/"' in await response.text()
        evil = {"Accept": "text/html", "Host": 'x"><script>'}
        async with session.get(plain, headers=evil) as response:
            assert "<script>" not in await response.text()
        async with session.post(f"{plain}/api/login", json={"code": CODE}) as response:
            assert response.status == 403
            assert f"use https://127.0.0.1:{door.port}/" in (await response.json())["error"]


async def test_a_machine_without_ipv6_is_served_by_ipv4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = lan_door.listening_sockets

    def without(host: str, port: int, **more: bool) -> list[socket.socket]:
        if ":" in host:
            raise OSError("address family not supported")
        return real(host, port, **more)

    monkeypatch.setattr(lan_door, "listening_sockets", without)
    async with open_door(tmp_path) as door:
        await door.shows_code()
        async with door.client() as session:
            assert await door.log_in(session) == 200


async def test_the_log_in_is_described_and_wrong_requests_are_explained(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, aiohttp.ClientSession() as session:
        async with session.get(door.local + "/api/openapi.json") as response:
            paths = (await response.json())["paths"]
        assert {"/api/login", "/api/logout", "/api/browsers", "/api/browsers/revoke"} <= set(paths)
        for body in ({}, {"code": 12345678}, {"code": "1" * 65}, [1]):
            async with session.post(door.local + "/api/login", json=body) as response:
                assert response.status == 400
        async with session.post(door.local + "/api/logout") as response:
            assert response.status == 400
        async with session.post(door.local + "/api/browsers/revoke", json={}) as response:
            assert response.status == 400


async def test_a_proxy_on_this_machine_needs_a_log_in_and_gets_a_secure_cookie(
    tmp_path: Path,
) -> None:
    async with (
        open_door(tmp_path, origins=("https://voice.example",)) as door,
        aiohttp.ClientSession() as session,
    ):
        await asyncio.to_thread(door.browsers.show, CODE)
        passed_on = {
            "Host": "voice.example",
            "Origin": "https://voice.example",
            "X-Forwarded-For": "198.51.100.7",
            "X-Forwarded-Proto": "https",
        }
        async with session.get(door.local + "/api/state", headers=passed_on) as response:
            assert response.status == 401
        async with session.post(
            door.local + "/api/login", headers=passed_on, json={"code": CODE}
        ) as response:
            assert response.status == 200
            cookie = response.headers["Set-Cookie"]
            assert cookie.startswith("__Host-")
        shown = {**passed_on, "Cookie": cookie.partition(";")[0]}
        async with session.get(door.local + "/api/state", headers=shown) as response:
            assert response.status == 200
        assert door.browsers.all()[0].address == "198.51.100.7"
        other = {**shown, "Host": "other.example", "Origin": "https://other.example"}
        async with session.get(door.local + "/api/state", headers=other) as response:
            assert response.status == 403


async def test_a_log_in_slides_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_door(tmp_path) as door:
        await door.shows_code()
        async with door.client() as session:
            assert await door.log_in(session) == 200
            start = time.time()
            monkeypatch.setattr(time, "time", lambda: start + 20 * 86400)
            async with session.get(door.lan + "/api/state") as response:
                assert response.status == 200
                assert "Max-Age=2592000" in response.headers["Set-Cookie"]
            monkeypatch.setattr(time, "time", lambda: start + 45 * 86400)
            assert await door.status(session) == 200, "it was used 25 days ago"
            monkeypatch.setattr(time, "time", lambda: start + 80 * 86400)
            assert await door.status(session) == 401, "it was not used for 30 days"


def test_codes_end_in_time_and_the_longest_unused_browser_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, start = Browsers(KeyStore(tmp_path / "keys")), time.time()
    monkeypatch.setattr(module, "boot_session", lambda: "")  # else the clock of the start counts
    known.show(CODE)
    for late in (module.VALID + 1, -5.0):  # and a clock that was set back
        monkeypatch.setattr(time, "time", lambda late=late: start + late)
        assert known.log_in(CODE, "x", "10.0.0.1") is None
    monkeypatch.setattr(module, "MOST", 3)
    for number in range(5):
        monkeypatch.setattr(time, "time", lambda n=number: start + n)
        known.show(CODE)
        assert known.log_in(CODE, str(number), "10.0.0.1") is not None
    assert [browser.name for browser in known.all()] == ["2", "3", "4"]


def test_a_try_that_cannot_be_stored_ends_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk: wrong codes would not count otherwise."""
    folder = KeyStore(tmp_path / "keys")
    known = Browsers(folder)
    known.show(CODE)

    def full(name: str, content: bytes) -> Path:
        raise KeysUnusable("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(folder, "write", full)
        with pytest.raises(KeysUnusable):
            known.log_in("00000000", "x", "10.0.0.1")
    assert known.log_in(CODE, "x", "10.0.0.1") is None


def test_a_damaged_file_logs_everyone_out_and_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = Browsers(KeyStore(tmp_path / "keys"))
    known.show(CODE)
    made = known.log_in(CODE, "x", "10.0.0.1")
    assert made is not None
    assert known.find(made.cookie) is not None
    file = tmp_path / "keys" / "browsers.json"
    file.write_text("[{")
    assert known.find(made.cookie) is None
    assert "is damaged" in caplog.text
    with pytest.raises(KeysUnusable, match="remove it"):
        known.all()


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Android"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5) Version/18.5 Safari/604.1", "Safari on iPhone"),
        ("curl/8.5", "curl/8.5"),
        ("\x1b[31m\u202eevil", "[31mevil"),
        ("", "unnamed"),
    ],
)
def test_browsers_have_names_for_people(agent: str, name: str) -> None:
    assert browser_name(agent) == name


async def test_an_own_certificate_opens_the_port_and_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lan_door, "RENEW", 0.05)
    monkeypatch.setattr(lan_door, "LOOK", 0.05)
    async with open_door(tmp_path / "made") as other:
        first = (await asyncio.to_thread(other.certificate.ensure)).certificate.read_bytes()
    async with open_door(tmp_path / "later") as other:
        second = (await asyncio.to_thread(other.certificate.ensure)).certificate.read_bytes()
    own = tmp_path / "own.pem"
    own.write_bytes(first)

    async def presented(port: int) -> bytes:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return ssl.DER_cert_to_PEM_cert(certificate).encode()

    async with open_door(tmp_path, certificate=str(own)) as door:
        await door.opened()
        assert (await presented(door.port)) in first
        own.write_bytes(b"damaged")
        await asyncio.sleep(0.2)
        assert (await presented(door.port)) in first, "the one that worked is used meanwhile"
        own.write_bytes(second)
        while (await presented(door.port)) not in second:
            await asyncio.sleep(0.05)
    with pytest.raises(Exception, match="HTTPS cannot use"):
        async with open_door(tmp_path, certificate=str(tmp_path / "none.pem")):
            pass


async def test_a_taken_port_of_https_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    taken = await asyncio.start_server(lambda reader, writer: writer.close(), "0.0.0.0", port)
    async with taken, open_door(tmp_path, https_port=port) as door:
        await asyncio.to_thread(door.browsers.show, CODE)
        while "http.https_port" not in caplog.text:
            await asyncio.sleep(0.05)
        async with aiohttp.ClientSession() as session, session.get(door.local) as response:
            assert response.status == 200


@pytest.mark.parametrize("value", ["1e300", "-1", '"x"', "null"])
def test_absurd_times_are_reported_as_damage(tmp_path: Path, value: str) -> None:
    known = Browsers(KeyStore(tmp_path / "keys"))
    known.show(CODE)
    assert known.log_in(CODE, "x", "10.0.0.1") is not None
    file = tmp_path / "keys" / "browsers.json"
    file.write_text(re.sub(r'"seen": [0-9.]+', f'"seen": {value}', file.read_text()))
    with pytest.raises(KeysUnusable, match="damaged"):
        known.all()
    assert not known.expected()


@pytest.mark.contained_failures
async def test_a_part_that_fails_ends_its_connection_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Such as a fault of asyncio's TLS, of aiohttp, or of a room's routes as they are made."""
    async with open_door(tmp_path) as door, aiohttp.ClientSession() as session:
        with monkeypatch.context() as patched:
            patched.setattr(application, "guarded_runner", lambda *_, **more: 1 / 0)
            with pytest.raises(aiohttp.ClientError):
                await session.get(door.local)
        assert "failed unexpectedly: ZeroDivisionError" in caplog.text
        async with session.get(door.local) as response:
            assert response.status == 200


def test_a_browser_has_no_secret_in_its_repr(tmp_path: Path) -> None:
    known = Browsers(KeyStore(tmp_path / "keys"))
    known.show(CODE)
    made = known.log_in(CODE, "x", "10.0.0.1")
    assert made is not None
    assert made.cookie not in repr(msgspec.to_builtins(made.browser))
