"""Servers that earlier commands have found are asked at once by the next."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from satellite.engines import assembly, known_servers
from satellite.engines.known_servers import KnownServer, KnownServers
from satellite.lib.persistence import StoredValue
from satellite.net.discovery.browser import Discovery
from satellite.net.discovery.mdns import NoMulticast
from satellite.net.pairing import Pairing
from satellite.settings import Settings
from satellite.turns.context import label
from servers.serve import serving
from tests.support.engines import ScriptedTts

DEAD = "tcp://127.0.0.1:1"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))


async def test_only_those_that_answer_in_the_role_are_returned() -> None:
    async with serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as uri:
        await KnownServers().remember("tts", [DEAD, uri, "no address"])
        assert await KnownServers().answering("tts", Pairing()) == (uri,)
        assert await KnownServers().answering("asr", Pairing()) == ()
        await KnownServers().remember("asr", [uri])
        assert await KnownServers().answering("asr", Pairing()) == ()


async def test_a_server_is_forgotten_with_age(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as uri:
        await KnownServers().remember("tts", [uri])
        later = time.time() + known_servers.AGE + 1
        monkeypatch.setattr(time, "time", lambda: later)
        assert await KnownServers().answering("tts", Pairing()) == ()


async def test_the_latest_are_remembered(tmp_path: Path) -> None:
    for number in range(20):
        await KnownServers().remember("tts", [f"tcp://h:{number + 1}"])
    await KnownServers().remember("tts", [])
    text = (tmp_path / "known-servers.json").read_text()
    assert text.count('"uri"') == known_servers.MOST
    assert '"tcp://h:20"' in text


def quiet_lan(**arguments: Any) -> Discovery:
    """Return a discovery that receives no advert."""
    return Discovery(lambda event: None, **{**arguments, "announced": False})


async def test_a_command_uses_a_known_server_before_its_advert_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(assembly, "Discovery", lambda publish, **more: quiet_lan(**more))
    async with serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as uri:
        await KnownServers().remember("tts", [DEAD, uri])
        began = time.monotonic()
        async with assembly.opened("tts", Settings(tts="auto")) as engine:
            assert time.monotonic() - began < assembly.CERTAIN
            assert label(engine) == uri
    stored = StoredValue("known-servers", tuple[KnownServer, ...], ()).read()
    assert [server.uri for server in stored] == [uri, DEAD]


async def test_without_multicast_a_command_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: Discovery) -> None:
        raise NoMulticast("no network")

    monkeypatch.setattr(Discovery, "run", fail)
    monkeypatch.setattr(assembly, "CERTAIN", 60.0)
    async with asyncio.timeout(30), assembly.opened("tts", Settings(tts="auto")) as engine:
        assert "tcp://" not in label(engine)
