"""The HTTP API of real processes: a satellite and a server, with all their routes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from satellite.audio.wavfile import write_wav
from satellite.values import SPEECH
from tests.support.described_api import DescribedApi
from tests.support.ports import free_port
from tests.support.program import Program, satellite

TOKEN = "0123456789abcdef0123"
BOTH = (
    "/api/engines",
    "/api/models",
    "/api/servers",
    "/api/settings",
    "/api/log",
    "/api/doctor?areas=python",
)
OWN = {
    "satellite": ("/api/state", "/api/timers", "/api/stats", "/api/turns", "/api/recordings"),
    "server": ("/v1/models", "/v1/audio/voices"),
}


@pytest.mark.parametrize("kind", ["satellite", "server"])
async def test_every_list_is_served(tmp_path: Path, kind: str) -> None:
    port = free_port()
    config = tmp_path / "satellite.toml"
    config.write_text('# ours\nname = "kitchen"\n')
    write_wav(tmp_path / "in.wav", SPEECH, bytes(2 * 16_000 * 120))
    variable = "SATELLITE_HTTP_PORT" if kind == "satellite" else "SATELLITE_SERVER_HTTP_PORT"
    arguments = ["--config", str(config), "--no-zeroconf", "--llm", "intents", "--tts", "espeak"]
    arguments += ["--asr", "pocketsphinx"]
    if kind == "satellite":
        arguments += ["--mic", f"wav:{tmp_path}/in.wav", "--speaker", f"wav:{tmp_path}/out.wav"]
    else:
        arguments += ["--server", "--host", "127.0.0.1"]
        for role in ("asr", "llm", "tts"):
            arguments += [f"--{role}-port", "0"]
    environment = {variable: str(port), "SATELLITE_HTTP_TOKEN": TOKEN}
    with satellite(tmp_path, *arguments, environment=environment) as program:
        await asyncio.to_thread(_ready(program))
        headers = {"Authorization": f"Bearer {TOKEN}"}
        address = f"http://127.0.0.1:{port}"
        async with asyncio.timeout(60), aiohttp.ClientSession(headers=headers) as session:
            async with session.get(f"{address}/api/openapi.json") as response:
                api = DescribedApi(address, session, await response.json())
            for path in (*BOTH, *OWN[kind]):
                answer = await api.ask("GET", path)
                assert answer.status == 200, (path, answer.body)
            log = await api.ask("GET", "/api/log?level=info")
            assert any("satellite" in message["about"] for message in log.json["messages"])
            values = {"values": {"listen.silence": 0.9}}
            saved = await api.ask("PATCH", "/api/settings", json=values)
            assert saved.json["changed"] == ["listen.silence"]
            assert "# ours" in config.read_text()
            spoken = await api.ask("POST", "/api/speak", json={"text": "hello"})
            assert len(spoken.body) > 10_000
            asked = await api.ask("POST", "/api/ask", json={"text": "what time is it"})
            assert asked.json["text"]


def _ready(program: Program) -> Callable[[], object]:
    return lambda: program.wait_for("ready", timeout=60)
