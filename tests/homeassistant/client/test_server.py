"""A server with a home: strangers such as Home Assistant itself may switch it by asking us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from satellite.events import Event, Ready
from satellite.net.info import from_event
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.net.remotes.describe import describe
from satellite.settings import HomeSettings, ServerSettings, Settings
from satellite.values import Situation
from servers import app
from tests.servers.llm.asking import ask
from tests.support.connected_home import FakeHome, fake_home, token_file, until


@asynccontextmanager
async def served(home: HomeSettings, llm: str) -> AsyncGenerator[str, None]:
    """Where the brain is served, during this block."""
    told: list[Event] = []
    server = ServerSettings(roles=("llm",), host="127.0.0.1", llm_port=0)
    settings = Settings(name="s", zeroconf=False, llm=llm, home=home, server=server)
    task = asyncio.create_task(app.run(settings, told.append))
    try:
        await until(lambda: task.done() or told)
        if task.done():
            task.result()
        (ready,) = [event for event in told if isinstance(event, Ready)]
        yield ready.engines["llm"]
    finally:
        task.cancel()
        await asyncio.wait([task])


async def controls(uri: str) -> bool:
    """Whether the service says that it can control the home."""
    (program,) = from_event(await describe(uri, pairing=Pairing())).handle
    return program.supports_home_control


@pytest.mark.parametrize("llm", ["intents", "auto", "intents,homeassistant"])
async def test_a_server_with_a_home_says_so_and_switches(tmp_path: Path, llm: str) -> None:
    async with fake_home() as fake:
        home = HomeSettings(url=fake.url, token_file=token_file(tmp_path))
        async with served(home, llm) as uri:
            assert await controls(uri)
            brain = remote(uri, "llm", pairing=Pairing())
            parts = await ask(brain, "turn on the counter", Situation())
            await brain.close()
    assert parts == ["Turned on the Counter."]
    assert [call[3] for call in fake.called] == [["light.counter"]]


@pytest.mark.parametrize("llm", ["intents", "auto"])
async def test_a_server_without_one_does_not(llm: str) -> None:
    async with served(HomeSettings(), llm) as uri:
        assert not await controls(uri)


async def test_home_assistant_s_own_brain_is_control(tmp_path: Path) -> None:
    fake = FakeHome()
    fake.answers["hello"] = "Hi."
    async with fake_home(fake):
        home = HomeSettings(token_file=token_file(tmp_path))
        async with served(home, f"homeassistant:{fake.url}") as uri:
            assert await controls(uri)
            brain = remote(uri, "llm", pairing=Pairing())
            assert await ask(brain, "hello") == ["Hi."]
            await brain.close()
