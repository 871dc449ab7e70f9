"""Peripherals control the satellite by the WebSocket of its events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from satellite import events
from satellite.http import event_stream
from satellite.http.token import Token
from tests.http.test_server import SECRET, ServedSatellite, served_satellite


class Panel:
    """A client that sends commands and reads the replies between events."""

    def __init__(self, api: ServedSatellite, socket: Any) -> None:
        self.api, self._socket, self.events = api, socket, list[str]()
        self._id = 0

    async def ask(self, command: str, **data: Any) -> dict[str, Any]:
        self._id += 1
        await self.send(json.dumps({"command": command, "data": data, "id": self._id}))
        reply = await self.reply()
        assert (reply["reply"], reply["id"]) == (command, self._id)
        return reply

    async def send(self, message: str) -> None:
        await self._socket.send_str(message)

    async def reply(self) -> dict[str, Any]:
        while "reply" not in (message := json.loads(await self._socket.receive_str(timeout=10))):
            self.events.append(message["event"])
        assert isinstance(message, dict)
        return message


@asynccontextmanager
async def panel(token: Token | None = None, **headers: str) -> AsyncIterator[Panel]:
    async with (
        served_satellite(token) as api,
        api.session.ws_connect(api.address + "/events", headers=headers) as socket,
    ):
        yield Panel(api, socket)


async def test_it_mutes_and_sets_the_volume() -> None:
    async with panel() as client:
        for wanted, muted in ((True, True), (None, False), (None, True), (False, False)):
            data = {} if wanted is None else {"muted": wanted}
            assert (await client.ask("mute", **data))["state"]["muted"] is muted
            assert client.api.satellite.parts.controls.state()["muted"] is muted
        assert (await client.ask("volume", level=0.25))["state"]["volume"] == 0.25
        assert (await client.ask("state"))["state"]["volume"] == 0.25


async def test_it_talks_and_stops() -> None:
    async with panel() as client:
        satellite = client.api.satellite
        assert "error" not in await client.ask("talk")
        assert satellite.parts.controls.state()["phase"] == "listening"
        again = await client.ask("talk")
        assert again["error"] == "the satellite listens already, or is muted"
        assert "error" not in await client.ask("stop")


async def test_it_sets_changes_and_cancels_timers() -> None:
    async with panel() as client:
        (timer,) = (await client.ask("timer.start", seconds=300, name="tea"))["state"]["timers"]
        assert (timer["name"], timer["total"]) == ("tea", 300)
        changed = await client.ask("timer.change", id=timer["id"], add=60, paused=True)
        (timer,) = changed["state"]["timers"]
        assert (timer["remaining"] > 350, timer["paused"]) == (True, True)
        assert (await client.ask("timer.cancel", id="other"))["error"].startswith("id: no such")
        assert (await client.ask("timer.cancel", id=timer["id"]))["state"]["timers"] == []
        (alarm,) = (await client.ask("alarm.set", hour=7, days=[0, 4]))["state"]["alarms"]
        assert (await client.ask("alarm.cancel", id=alarm["id"]))["state"]["alarms"] == []
        assert (await client.ask("snooze"))["error"] == "nothing rings"


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("", "no command"),
        ("[" * 3000, "no command"),
        ('{"command": 1}', "no command"),
        ('{"command": "stop", "then": 1}', "no command"),
        ('{"command": "reload"}', "is no command (known: talk, stop, mute, volume, state, alarm"),
        ('{"command": "announce.broadcast", "data": {"text": "x"}}', "is no command"),
        ('{"command": "mute", "data": {"muted": "yes"}}', "muted: true or false"),
        ('{"command": "volume", "data": {"level": 2}}', "a number from 0 to 1"),
        ('{"command": "volume"}', "a number from 0 to 1"),
        ('{"command": "timer.start", "data": {"seconds": -1}}', "data: Expected"),
        ('{"command": "timer.start"}', "data: Object missing required field `seconds`"),
        ('{"command": "talk", "data": {"x": 1}}', "nothing is taken"),
    ],
)
async def test_a_wrong_command_is_answered_and_the_connection_goes_on(
    message: str, says: str
) -> None:
    async with panel() as client:
        await client.send(message)
        assert says in (await client.reply())["error"]
        assert "error" not in await client.ask("state")


async def test_events_come_between_the_replies() -> None:
    async with panel() as client:
        while "error" not in client.events:
            client.api.bus.publish(events.Error(where="x", text="y"))
            await client.ask("state")


async def test_the_guard_of_the_api_holds_for_commands() -> None:
    evil = {"Origin": "http://evil.example"}
    for token, headers, status in ((None, evil, "403"), (Token(SECRET), {}, "401")):
        async with served_satellite(token) as api:
            with pytest.raises(aiohttp.WSServerHandshakeError, match=status):
                await api.session.ws_connect(api.address + "/events", headers=headers)
    async with panel(Token(SECRET), Authorization=f"Bearer {SECRET}") as client:
        assert (await client.ask("mute", muted=True))["state"]["muted"]


async def test_sound_is_no_command_and_a_flood_does_not_hold_up_others() -> None:
    async with served_satellite() as api:
        async with api.session.ws_connect(api.address + "/events") as socket:
            await socket.send_bytes(b"\0" * 100)
            while (message := await socket.receive(timeout=10)).type is aiohttp.WSMsgType.TEXT:
                pass
            assert message.data == aiohttp.WSCloseCode.UNSUPPORTED_DATA
        async with api.session.ws_connect(api.address + "/events") as socket:
            for _ in range(100):
                await socket.send_str('{"command": "state"}')
            started = asyncio.get_running_loop().time()
            assert (await api.get("/api/state"))[0] == 200
            assert asyncio.get_running_loop().time() - started < 100 * event_stream.PAUSE
