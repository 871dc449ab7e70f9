"""The supervision of a satellite by probes, scrapers and systemd."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest

from satellite import events
from satellite.diagnostics.health.supervision import supervised
from satellite.errors import ConfigError
from satellite.lib.bus import Bus
from satellite.settings import HealthSettings, Settings
from tests.support.ports import free_port


async def get(port: int, path: str) -> tuple[int, bytes]:
    """Return the status and the body of a page."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), body


async def test_it_is_healthy_only_while_sound_arrives() -> None:
    port, bus = free_port(), Bus()
    async with supervised(Settings(health=HealthSettings(port=port)), bus) as supervision:
        status, body = await get(port, "/healthz")
        facts = json.loads(body)
        assert (status, facts["phase"], facts["audio_age_seconds"]) == (503, "starting", None)
        bus.publish(events.Ready(name="here", engines={}))
        supervision.heartbeat.hear(bytes(32000))
        status, body = await get(port, "/healthz")
        facts = json.loads(body)
        assert (status, facts["status"], facts["phase"]) == (200, "ok", "idle")
        assert facts["audio_heard_seconds"] == 1.0
        supervision.heartbeat.end()
        bus.publish(events.TurnEnd(outcome="answered", turn="x"))
        await settled()
        status, body = await get(port, "/metrics")
        assert status == 200
        assert b'satellite_turns_total{outcome="answered"} 1.0' in body
        assert (await get(port, "/secret"))[0] == 404
        assert json.loads((await get(port, "/healthz"))[1])["phase"] == "stopping"


async def settled() -> None:
    """Wait until all published events are taken: one round of the loop for each."""
    for _ in range(20):
        await asyncio.sleep(0)


def drained(manager: socket.socket) -> list[str]:
    """Return the messages received by a service manager."""
    received = []
    while True:
        try:
            received.append(manager.recv(1000).decode())
        except BlockingIOError:
            return received


async def test_systemd_receives_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signs of life are counted in sound: one for each half of the watchdog's time."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "500000")
        bus = Bus()
        async with supervised(Settings(), bus) as supervision:
            bus.publish(events.Ready(name="here", engines={"tts": "espeak"}))
            bus.publish(events.Phase(phase="listening"))
            bus.publish(events.Error(where="mic", text="it was unplugged"))
            await settled()
            for _ in range(8):
                supervision.heartbeat.hear(bytes(2000))
        received = drained(manager)
    assert received == [
        "READY=1",
        "STATUS=listening; tts: espeak",
        "STATUS=turn: listening",
        "STATUS=mic: it was unplugged",
        *["WATCHDOG=1"] * 2,
        "STOPPING=1",
    ]


async def test_a_taken_port_is_reported() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = Settings(health=HealthSettings(port=port))
        with pytest.raises(ConfigError, match=rf"port {port}: .*health\.port"):
            async with supervised(settings, Bus()):
                pass
