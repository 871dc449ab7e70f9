"""The server's health: checked through its services, reported to probes and systemd."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from satellite.diagnostics.health.systemd import Notifier
from servers import health as health_module
from servers.health import Health, answers_at
from servers.serve import ServeLimits, serving
from tests.support.engines import ScriptedTts
from tests.support.peers import client, until

ANY = "tcp://127.0.0.1:0"


@asynccontextmanager
async def watching(health: Health, uris: dict[str, str]) -> AsyncIterator[None]:
    task = asyncio.create_task(health.watch(uris, every=0.01))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def page(health: Health, path: str) -> tuple[int, dict[str, Any]]:
    page = health.pages[path]({})
    return page.status, json.loads(page.body)


async def test_a_loading_server_is_alive_and_a_serving_one_ready() -> None:
    health = Health()
    assert page(health, "/healthz")[0] == 200
    assert page(health, "/readyz") == (
        503,
        {"status": "loading", "phase": "loading", "silent": [], "services": {}},
    )
    async with serving("tts", ScriptedTts(), ANY) as uri, watching(health, {"tts": uri}):
        await until(lambda: page(health, "/readyz")[0] == 200)
        assert page(health, "/readyz")[1]["services"] == {"tts": uri}
        health.stop()
        assert page(health, "/readyz")[0] == 503
        assert page(health, "/healthz")[0] == 200


async def test_a_stopped_service_is_noticed() -> None:
    health = Health()
    async with serving("tts", ScriptedTts(), ANY) as uri:
        gone = uri
    async with watching(health, {"tts": gone}):
        await until(lambda: page(health, "/healthz")[0] == 503)
        assert page(health, "/healthz")[1]["silent"] == ["tts"]


async def test_a_hanging_service_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It accepts connections, and nobody reads from them."""
    monkeypatch.setattr(health_module, "ANSWER", 0.1)
    with socket.socket() as stuck:
        stuck.bind(("127.0.0.1", 0))
        stuck.listen()
        assert not await answers_at(f"tcp://127.0.0.1:{stuck.getsockname()[1]}")


async def test_a_full_or_refusing_service_is_alive() -> None:
    limits = ServeLimits(connections=1)
    async with serving("tts", ScriptedTts(), ANY, limits=limits) as uri, client(uri):
        assert await answers_at(uri)
    async with serving("tts", ScriptedTts(), ANY, limits=ServeLimits(paired_only=True)) as uri:
        assert await answers_at(uri)


@pytest.mark.parametrize("host", ["0.0.0.0", "*"])
async def test_services_that_require_pairing_are_checked_too(
    host: str,
) -> None:
    limits = ServeLimits(paired_only=True)
    async with serving("tts", ScriptedTts(), f"tcp://{host}:0", limits=limits) as uri:
        health = Health()
        async with watching(health, {"tts": uri}):
            await until(lambda: health.phase == "serving")
            assert page(health, "/readyz")[0] == 200


async def test_the_watchdog_is_notified_only_while_services_answer(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "60000000"}
        health = Health(Notifier(environment))
        async with serving("tts", ScriptedTts(), ANY) as uri:
            task = asyncio.create_task(health.watch({"tts": uri}, every=0.01))
            await until(lambda: page(health, "/readyz")[0] == 200)
        await until(lambda: page(health, "/healthz")[0] == 503)
        await asyncio.sleep(0.02)  # what was on its way when it stopped answering
        said = drained(manager)
        assert said[:3] == ["READY=1", f"STATUS=serving tts at {uri}", "WATCHDOG=1"]
        await asyncio.sleep(0.05)
        assert "WATCHDOG=1" not in drained(manager)
        health.stop()
        health.stop()
        assert drained(manager)[-1:] == ["STOPPING=1"]
        task.cancel()
        await asyncio.wait([task])


def drained(manager: socket.socket) -> list[str]:
    said = []
    while True:
        try:
            said.append(manager.recv(1000).decode())
        except BlockingIOError:
            return said
