"""The HTTP API at a real port: its requests, and its refusals."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from satellite import events
from satellite.audio.wavfile import write_wav
from satellite.errors import ConfigError, PeerUnreachable, PortInUse, UsageError
from satellite.http import connections as module
from satellite.http import event_stream, running_satellite
from satellite.http.auth import Guard
from satellite.http.connections import listening_socket
from satellite.http.door import satellite_door
from satellite.http.pages import Page
from satellite.http.route import Route, caller, json_answer
from satellite.http.server import (
    api_server,
    guarded_server,
    http_server,
)
from satellite.http.token import Token
from satellite.lib.bus import Bus
from satellite.net.allowed import AllowedNetworks
from satellite.settings import HttpSettings, Settings
from satellite.values import SPEECH
from tests.support.described_api import Answer, DescribedApi
from tests.support.scripted_satellite import QUIET, ScriptedSatellite

SECRET = "0123456789abcdef0123"

PAGES = {"/metrics": lambda headers: Page(b"turns 1\n")}


class ServedSatellite:
    """A satellite with an HTTP port, and a client of it."""

    def __init__(self, satellite: ScriptedSatellite, bus: Bus, address: str, session: Any) -> None:
        self.satellite, self.bus, self.address, self.session = satellite, bus, address, session
        self.described: DescribedApi | None = None
        """Checks the answers, where it is set."""

    async def get(self, path: str, **more: Any) -> tuple[int, dict[str, Any]]:
        return await self._ask("GET", path, **more)

    async def post(self, path: str, **more: Any) -> tuple[int, dict[str, Any]]:
        return await self._ask("POST", path, **more)

    async def _ask(self, method: str, path: str, **more: Any) -> tuple[int, dict[str, Any]]:
        async with self.session.request(method, self.address + path, **more) as response:
            body = await response.read()
        answer = Answer(response.status, response.content_type, response.headers, body)
        plain = path.partition("?")[0]
        if self.described is not None:
            operation = self.described.description["paths"].get(plain, {}).get(method.lower(), {})
            if "summary" in operation:  # pages for probes are not described
                self.described.check(method.lower(), plain, answer)
        return answer.status, answer.json


@asynccontextmanager
async def served_satellite(
    token: Token | None = None, allow: tuple[str, ...] = ("loopback",)
) -> AsyncIterator[ServedSatellite]:
    bus = Bus()
    satellite = ScriptedSatellite(QUIET, bus)
    controls = satellite.parts.controls
    listener = listening_socket("127.0.0.1", 0)
    async with (
        asyncio.timeout(20),
        satellite.open(),
        api_server(listener, controls, Guard(token), AllowedNetworks(allow), PAGES) as address,
        aiohttp.ClientSession() as session,
        asyncio.TaskGroup() as tasks,
    ):
        running = tasks.create_task(satellite.speech.announcer.run())
        served = ServedSatellite(satellite, bus, address, session)
        if allow == ("loopback",):
            headers = token.headers if token else {}
            async with session.get(f"{address}/api/openapi.json", headers=headers) as response:
                served.described = DescribedApi(address, session, await response.json())
        yield served
        running.cancel()


async def test_the_state_is_served() -> None:
    async with served_satellite() as api:
        api.satellite.timers.start(600, "egg")
        api.satellite.timers.set_alarm(7)
        status, state = await api.get("/api/state")
        assert status == 200
        assert (state["name"], state["area"], state["phase"]) == ("kitchen", "Kitchen", "idle")
        assert (state["muted"], state["volume"], state["ringing"]) == (False, 1.0, False)
        assert state["timers"][0]["name"] == "egg"
        assert "T07:00" in state["alarms"][0]["at"]


async def test_a_text_is_announced_and_its_outcome_returned() -> None:
    async with served_satellite() as api:
        status, answer = await api.post("/api/announce", json={"text": "dinner", "chime": False})
        assert (status, answer) == (200, {"outcomes": {"kitchen": "heard"}})
        assert api.satellite.tts.requests[0].text == "dinner"
        status, answer = await api.post("/api/announce", json={"text": "dinner", "wait": False})
        assert (status, answer) == (202, {"outcomes": {"kitchen": "queued"}})


async def test_a_file_of_sound_is_announced_raw_or_in_base64(tmp_path: Path) -> None:
    write_wav(tmp_path / "bell.wav", SPEECH, b"\x10\x00" * 1600)
    content = (tmp_path / "bell.wav").read_bytes()
    async with served_satellite() as api:
        kind = {"Content-Type": "audio/wav"}
        query = "/api/announce?chime=off&priority=high"
        status, answer = await api.post(query, data=content, headers=kind)
        assert (status, answer) == (200, {"outcomes": {"kitchen": "heard"}})
        encoded = base64.b64encode(content).decode()
        assert (await api.post("/api/announce", json={"wav": encoded}))[0] == 200
        assert (await api.post("/api/announce", data=b"RIFF", headers=kind))[0] == 400


async def test_an_announcement_reaches_another_satellite_complaint_48_remote_trigger() -> None:
    async with served_satellite() as api, served_satellite() as other:
        facts = {"text": "dinner", "to": [other.satellite.uri, "here"]}
        status, answer = await api.post("/api/announce", json=facts)
        assert (status, answer["outcomes"][other.satellite.uri]) == (200, "heard")
        assert "kitchen" in answer["outcomes"]
        assert other.satellite.tts.requests[0].text == "dinner"


async def test_mute_wake_stop_and_volume() -> None:
    async with served_satellite() as api:
        assert await api.post("/api/mute") == (200, {"muted": True})
        assert await api.post("/api/wake") == (
            409,
            {"error": "the satellite listens already, or is muted"},
        )
        assert await api.post("/api/mute", json={"muted": False}) == (200, {"muted": False})
        assert (await api.post("/api/wake"))[0] == 200
        assert api.satellite.activity.phase in ("idle", "listening")
        assert await api.post("/api/volume", json={"level": 0.25}) == (200, {"volume": 0.25})
        api.satellite.timers.start(0)
        await api.satellite.until(lambda: api.satellite.timers.ringing)
        assert (await api.post("/api/stop"))[0] == 200
        assert not api.satellite.timers.ringing


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/api/announce", b"{}", "1 to 2000 characters"),
        ("/api/announce", b"not json", "not a JSON object"),
        ("/api/announce", b"[1]", "not a JSON object"),
        ("/api/announce", b'{"text": "x", "priority": "now"}', "invalid announcement"),
        ("/api/announce", b'{"text": "x", "to": 5}', "to: the name"),
        ("/api/announce", b'{"wav": "?"}', "base64"),
        ("/api/mute", b'{"muted": "yes"}', "true or false"),
        ("/api/volume", b'{"level": 2}', "from 0 to 1"),
        ("/api/volume", b'{"level": true}', "from 0 to 1"),
        ("/api/reload", b"", "no settings that could be read again"),
    ],
)
async def test_a_wrong_request_is_explained(path: str, body: bytes, says: str) -> None:
    async with served_satellite() as api:
        status, answer = await api.post(path, data=body)
        assert status == 400
        assert says in answer["error"]


async def test_strangers_large_requests_and_wrong_paths_are_refused() -> None:
    async with served_satellite(Token(SECRET)) as api:
        assert (await api.get("/api/state"))[0] == 401
        shown = {"Authorization": f"Bearer {SECRET}"}
        assert (await api.get("/api/state", headers=shown))[0] == 200
        assert (await api.get("/nothing", headers=shown))[0] == 404
        assert (await api.get("/api/mute", headers=shown))[0] == 405
        evil = {**shown, "Origin": "http://evil.example"}
        assert (await api.post("/api/mute", headers=evil))[0] == 403
        large = io.BytesIO(bytes(17 * 1024 * 1024))
        assert (await api.post("/api/announce", data=large, headers=shown))[0] == 413
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await api.session.ws_connect(api.address + "/events")
    async with served_satellite(allow=("10.0.0.0/8",)) as api:
        with pytest.raises(aiohttp.ClientError):
            await api.get("/api/state")


async def test_pages_of_probes_stand_behind_the_same_guard() -> None:
    async with served_satellite(Token(SECRET)) as api:
        assert (await api.get("/metrics"))[0] == 401
        shown = {"Authorization": f"Bearer {SECRET}"}
        async with api.session.get(api.address + "/metrics", headers=shown) as response:
            assert (response.status, await response.read()) == (200, b"turns 1\n")
        evil = {**shown, "Origin": "http://evil.example"}
        assert (await api.get("/metrics", headers=evil))[0] == 403
    async with served_satellite() as api:
        assert (await api.get("/metrics", headers={"Host": "evil.example"}))[0] == 403


async def test_events_come_as_they_happen() -> None:
    async with served_satellite() as api, api.session.ws_connect(api.address + "/events") as socket:
        sent = events.Wake(word="okay_nabu", score=0.5)
        while True:  # it is subscribed a moment after it is connected
            api.bus.publish(sent)
            try:
                line = await socket.receive_str(timeout=0.2)
                break
            except TimeoutError:
                continue
        assert msgspec.convert(json.loads(line), events.Wake) == sent
        api.bus.end()
        while (message := await socket.receive()).type == aiohttp.WSMsgType.TEXT:
            pass
        assert message.data == aiohttp.WSCloseCode.GOING_AWAY


async def test_a_client_that_reads_nothing_is_dropped_and_others_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(event_stream, "BEHIND", 5)
    async with served_satellite() as api:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(api.address[-5:].strip(":"))
        )
        writer.write(
            b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        assert b"101" in await reader.readline()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        while "too slow" not in caplog.text and "dropped the client" not in caplog.text:
            for _ in range(50):
                api.bus.publish(events.Error(where="x", text="y" * 10000))
            await asyncio.sleep(0.001)
        writer.close()
        assert (await api.get("/api/state"))[0] == 200


async def test_a_client_without_a_request_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST", 0.05)
    async with served_satellite() as api:
        host, port = api.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nX: ")
        with suppress(ConnectionError):  # it is cut off, or ended
            assert await reader.read() == b""
        writer.close()


async def test_a_taken_port_is_a_warning_unless_it_was_chosen(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        chosen = Settings(http=HttpSettings(port=port))
        with pytest.raises(PortInUse, match="choose another"):
            async with http_server(chosen, satellite_door(chosen), ()):
                pass
        usual = msgspec.structs.replace(satellite_door(chosen), usual=port)
        async with http_server(chosen, usual, ()) as address:
            assert address is None
        assert "no HTTP for this satellite" in caplog.text
    without = Settings(http=HttpSettings(port=0))
    async with http_server(without, satellite_door(without), ()) as address:
        assert address is None
    everywhere = Settings(http=HttpSettings(host="0.0.0.0"))
    with pytest.raises(ConfigError, match="needs a token"):
        async with http_server(everywhere, satellite_door(everywhere), ()):
            pass
    with pytest.raises(ConfigError, match="cannot listen"):
        listening_socket("192.0.2.1", 1)


async def test_another_program_controls_the_running_satellite_or_finds_none() -> None:
    async with served_satellite() as api:
        port = int(api.address.rpartition(":")[2])
        settings = Settings(http=HttpSettings(port=port))
        assert await running_satellite.ask(settings, "POST", "/api/mute", muted=True) == {
            "muted": True
        }
        with pytest.raises(UsageError, match="from 0 to 1"):
            await running_satellite.ask(settings, "POST", "/api/volume", level=7)
    with pytest.raises(PeerUnreachable, match="no satellite answers"):
        await running_satellite.ask(settings, "POST", "/api/mute")
    with pytest.raises(UsageError, match=r"http\.port is 0"):
        await running_satellite.ask(Settings(http=HttpSettings(port=0)), "GET", "/api/state")


async def test_routes_of_any_program_stand_behind_the_same_guard() -> None:
    """Those that are public are served to anyone under our names; the others are not."""

    def routes() -> list[Route]:
        async def answer(request: web.Request) -> web.StreamResponse:
            return json_answer({"caller": caller().how})

        async def socket(request: web.Request) -> web.StreamResponse:
            opened = web.WebSocketResponse()
            await opened.prepare(request)
            await opened.close()
            return opened

        return [
            Route("GET", "/", answer, public=True),
            Route("GET", "/talk", socket),
            Route("POST", "/ask", answer),
        ]

    shown = {"Authorization": f"Bearer {SECRET}"}
    for token, anyone, headers in ((Token(SECRET), "anyone", shown), (None, "local", {})):
        listener = listening_socket("127.0.0.1", 0)
        async with (
            asyncio.timeout(20),
            guarded_server(listener, [routes], Guard(token), AllowedNetworks(("loopback",))) as at,
            aiohttp.ClientSession() as session,
        ):
            async with session.get(at) as response:
                assert await response.json() == {"caller": anyone}
                assert response.headers["X-Frame-Options"] == "DENY"
            proxied = {"X-Forwarded-For": "192.0.2.7"}
            async with session.post(at + "/ask", headers=proxied) as response:
                assert response.status == 401, "a proxy's clients are not this machine"
            async with session.get(at, headers={"Origin": "http://evil.example"}) as response:
                assert response.status == 403, "public routes are not for foreign pages"
            async with session.post(at + "/ask", headers=headers) as response:
                assert response.status == 200
            async with session.ws_connect(at + "/talk", headers=headers):
                pass
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(at + "/talk", headers=proxied)
