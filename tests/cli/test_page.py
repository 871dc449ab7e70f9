"""`satellite page` as people use it, with a door that is open on this machine."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
import pexpect
import pytest

from satellite.cli import page
from satellite.errors import PeerUnreachable
from satellite.http import live_requests
from satellite.http.browsers import Browsers, CodeExpired
from satellite.http.certificate import colons
from satellite.http.door import satellite_door
from satellite.net.pairing.key_store import KeyStore
from tests.support.http_door import OpenDoor, open_door


def command(door: OpenDoor, *arguments: str) -> list[str]:
    """A `satellite page` of the user whose program has a door."""
    http = door.settings.http
    named = {
        "pairing.folder": door.settings.pairing.folder,
        "http.port": http.port,
        "http.https_port": http.https_port,
        "server.https_port": 0,
    }
    pairs = [part for key, value in named.items() for part in ("--set", f"{key}={value}")]
    return [sys.executable, "-m", "satellite", "page", *arguments, *pairs]


async def run(door: OpenDoor, *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command(door, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_browser_logs_in_by_what_the_terminal_shows_and_is_logged_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_requests, "CHECK", 0.05)
    async with open_door(tmp_path) as door:
        program, *arguments = command(door)
        shown = pexpect.spawn(program, arguments, encoding="utf-8", timeout=20)
        await asyncio.to_thread(shown.expect, r"for one browser within 5 minutes")
        text = shown.before or ""
        assert f"https://127.0.0.1:{door.port}" in text or f":{door.port}  (satellite)" in text
        code = text.rpartition("The code is ")[2].strip(" ,\r\n").replace(" ", "")
        assert text.count("█") > 100, "a QR code"
        async with door.client() as session:
            assert await door.log_in(session, "00000000") == 403
            await asyncio.to_thread(shown.expect, "A wrong code was sent from 127.0.0.1")
            digits = colons((await asyncio.to_thread(door.certificate.ensure)).fingerprint)
            assert digits[:48] in (shown.before or "")
            assert await door.log_in(session, code) == 200
            await asyncio.to_thread(shown.expect, "Firefox on Android at 127.0.0.1 has logged in")
            await asyncio.to_thread(shown.expect, pexpect.EOF)
            shown.close()
            assert shown.exitstatus == 0

            _, listed, _ = await run(door, "--list", "--json")
            (row,) = json.loads(listed)
            assert (row["name"], row["address"]) == ("Firefox on Android", "127.0.0.1")
            assert "digest" not in row
            assert row["id"] in (await run(door, "--list"))[1]
            rc, _, err = await run(door, "--revoke", "nothing")
            assert rc != 0
            assert row["id"] in err
            async with session.ws_connect(door.lan + "/talk") as socket:
                assert (await run(door, "--revoke", row["id"]))[0] == 0
                message = await socket.receive(timeout=5)
                assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        assert not door.browsers.expected()


async def test_an_interrupted_command_leaves_no_code_behind(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        process = await asyncio.create_subprocess_exec(
            *command(door), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        assert process.stdout is not None
        while b"The code is" not in await process.stdout.readline():
            assert process.returncode is None
        assert door.browsers.expected()
        process.terminate()
        await process.communicate()
        assert not door.browsers.expected()


async def test_without_a_program_that_runs_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "OPENED", 0.2)
    async with open_door(tmp_path / "other") as other:
        door = OpenDoor(other.settings)
        wanted = satellite_door(door.settings)
        served = await asyncio.to_thread(other.certificate.ensure)
        with pytest.raises(PeerUnreachable, match="sudo satellite page"):
            await page.wait_open([wanted], served)
    server = await asyncio.start_server(
        lambda reader, writer: writer.close(), "127.0.0.1", wanted.https_port
    )
    async with server:
        with pytest.raises(PeerUnreachable, match=r"http\.https_port"):
            await page.wait_open([wanted], served)


def test_a_code_that_another_call_replaces_or_wrong_ones_void_is_reported(tmp_path: Path) -> None:
    known = Browsers(KeyStore(tmp_path / "keys"))
    first = known.show("11111111")
    known.show("22222222")
    with pytest.raises(CodeExpired, match="another"):
        asyncio.run(page.wait_log_in(known, first, set()))
    third = known.show("33333333")
    for _ in range(3):
        assert known.log_in("00000000", "x", "10.0.0.1") is None
    with pytest.raises(CodeExpired, match="too many"):
        asyncio.run(page.wait_log_in(known, third, set()))


def test_the_qr_code_is_the_one_that_was_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    import segno

    text = "https://192.168.1.20:10781/#code=12345678"
    assert page.qr_code(text) == "", "it is for terminals"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    halves = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}
    rows: list[list[int]] = []
    for line in page.qr_code(text).splitlines():
        pairs = [halves[character] for character in line]
        rows += [[upper for upper, _ in pairs], [lower for _, lower in pairs]]
    expected = segno.make(text, error="l", micro=False).matrix_iter(border=2)
    assert rows[: len(rows[0])] == [[int(not dark) for dark in row] for row in expected]
