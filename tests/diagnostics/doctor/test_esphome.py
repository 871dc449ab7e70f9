"""The port of ESPHome's API as the doctor sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from satellite.diagnostics.doctor import homeassistant
from satellite.homeassistant.driver.satellite_info import info_event
from satellite.homeassistant.esphome.identity import Identity
from satellite.lib.finding import Finding
from satellite.net.remotes.probe import ProbeResult
from satellite.settings import HomeAssistantSettings, Settings
from satellite.values import EngineInfo


@pytest.fixture(autouse=True)
def everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(homeassistant, "is_loopback", lambda host: False)


@asynccontextmanager
async def answering(answer: bytes) -> AsyncGenerator[int, None]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read(3) == b"\0\0\1"
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def found(port: int) -> Finding:
    chosen = HomeAssistantSettings(esphome=f"tcp://127.0.0.1:{port}")
    settings = Settings(name="kitchen", homeassistant=chosen)
    return await homeassistant.esphome(settings, Identity("kitchen"))


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"\0\x05\x02", "plain, until Home Assistant makes a key"),
        (b"\1\0\0", "encrypted"),
        (b"HTTP/1.1", "another program listens there"),
    ],
)
async def test_what_answers_there(answer: bytes, text: str) -> None:
    async with answering(answer) as port:
        assert text in str(await found(port))
    assert "no satellite answers" in str(await found(port))


def test_a_satellite_that_wyoming_does_not_offer_is_no_fault() -> None:
    info = info_event(Settings(name="kitchen"), EngineInfo(name="words"), offered=False)
    answer = ProbeResult(uri="tcp://10.0.0.2:10700", info=info, fastest=0.01, slowest=0.01)
    (finding, *_) = homeassistant.judge("port 10700", answer)
    assert "ESPHome" in str(finding)
