"""Announcing and finding services, with real multicast on the loopback."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count

import pytest
from wyoming.event import Event
from wyoming.info import Attribution, Info, Satellite

from satellite import events
from satellite.net.discovery.advert import Advert, announce, engine_facts
from satellite.net.discovery.browser import Discovery, scan
from satellite.net.discovery.mdns import NoMulticast, multicast
from satellite.net.discovery.remote_service import RemoteService
from satellite.net.pairing import Pairing
from satellite.net.uri import Tcp, parse
from servers.serve import serving
from tests.support.engines import ScriptedAsr, ScriptedTts
from tests.support.peers import stranger

LOOP = ("127.0.0.1",)
PATIENCE = 15.0
"""Seconds: probing a name takes one, announcing it another two."""
_NUMBERS = count()


def unique() -> str:
    """Return a name that no other test on this machine uses."""
    return f"test-{os.getpid()}-{next(_NUMBERS)}"


def advert(uri: str, role: str, name: str, **more: str) -> Advert:
    address = parse(uri)
    assert isinstance(address, Tcp)
    return Advert(role=role, bound=address, name=name, facts=lambda: more)


@asynccontextmanager
async def announced(*adverts: Advert) -> AsyncGenerator[tuple[str, ...], None]:
    """Announce adverts during this block; yield their names."""
    names: asyncio.Future[tuple[str, ...]] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(
        announce(adverts, interfaces=LOOP, on_announced=names.set_result), name="announce"
    )
    try:
        async with asyncio.timeout(PATIENCE):
            yield await names
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def looking(own: bool = True) -> AsyncGenerator[tuple[Discovery, list[events.Event]], None]:
    """Run a discovery; yield it and its events."""
    published: list[events.Event] = []
    discovery = Discovery(published.append, interfaces=LOOP, own=own, pairing=Pairing())
    task = asyncio.create_task(discovery.run(), name="discovery")
    try:
        async with asyncio.timeout(PATIENCE):
            yield discovery, published
    finally:
        task.cancel()
        await asyncio.wait([task])


async def found(discovery: Discovery, name: str) -> RemoteService:
    while True:
        for server in discovery.services():
            if server.name.startswith(name):
                return server
        await asyncio.sleep(0.01)


async def test_a_server_is_found_described_used_and_lost_when_it_withdraws() -> None:
    name = unique()
    async with (
        serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as uri,
        looking() as (discovery, published),
    ):
        async with announced(advert(uri, "tts", name)) as names:
            assert names == (f"{name} tts {uri.rpartition(':')[2]}",)
            server = await found(discovery, names[0])
            assert (server.uri, server.roles, server.ours) == (uri, ("tts",), True)
            assert (server.models, server.languages) == (("script",), ("en",))
            assert 0 < server.latency < 1
            assert await discovery.wait_for(["tts"], 1)
            assert server in discovery.servers("tts")
            assert server not in discovery.servers("asr")
            left = time.monotonic()
        assert time.monotonic() - left < 1.0, "withdrawing takes bounded time"
        while server in discovery.servers("tts"):
            await asyncio.sleep(0.01)
    about = [event for event in published if getattr(event, "uri", "") == uri]
    assert [event.kind for event in about] == ["server_found", "server_lost"]


async def test_roles_and_servers_of_one_machine_have_separate_names() -> None:
    name = unique()
    async with (
        serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as one,
        serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0") as two,
        serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as three,
        announced(advert(one, "tts", name), advert(two, "asr", name)) as names,
        announced(advert(three, "tts", name)) as others,
    ):
        assert len({*names, *others}) == 3
        listed = await scan(2.5, interfaces=LOOP, pairing=Pairing())
    assert {server.uri for server in listed if name in server.name} == {one, two, three}


async def test_a_process_does_not_find_itself() -> None:
    name, other = unique(), unique()
    async with (
        serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as uri,
        announced(advert(uri, "tts", name), advert(uri, "tts", other, id="another process")),
        looking(own=False) as (discovery, _),
    ):
        await found(discovery, other)
        assert not [server for server in discovery.services() if name in server.name]


async def test_a_satellite_is_listed_and_is_no_engine() -> None:
    name = unique()
    info = Info(satellite=Satellite("den", Attribution("them", ""), True, None, "2")).event()
    async with (
        stranger({"describe": [info]}) as service,
        announced(advert(service.uri, "satellite", name)),
        looking() as (discovery, _),
    ):
        server = await found(discovery, name)
        assert (server.satellite, server.roles, server.ours) == (True, (), False)
        assert server.version == "2"
        for role in ("asr", "llm", "tts", "wake"):
            assert server not in discovery.servers(role)


@pytest.mark.parametrize("fault", ["nobody listens", "it hangs up", "it talks nonsense"])
async def test_an_unusable_service_is_logged_once_and_left_out(
    fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    name = unique()
    script = {
        "it hangs up": [None],
        "it talks nonsense": [Event("info", {"tts": [{"name": "x"}]})],
    }.get(fault, [])
    async with stranger({"describe": script}) as service:
        uri = service.uri if script else "tcp://127.0.0.1:1"
        async with announced(advert(uri, "tts", name)), looking() as (discovery, _):
            with caplog.at_level(logging.WARNING):
                while f"{name} tts" not in caplog.text:
                    await asyncio.sleep(0.01)
            assert not [server for server in discovery.services() if name in server.name]
    assert caplog.text.count(f"{name} tts") == 1


async def test_a_missing_network_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ifaddr.get_adapters", list)
    with pytest.raises(NoMulticast, match="no network with multicast"):
        async with multicast():
            pass


def test_long_and_unusual_names_and_values_fit() -> None:
    bound = Tcp("0.0.0.0", 10200)
    name = Advert(role="tts", bound=bound, name="Ünïcode. " * 20).instance
    assert len(name.encode()) <= 63
    assert "." not in name
    assert name.endswith(" tts")
    other = Advert(role="tts", bound=Tcp("0.0.0.0", 10201), name="den")
    assert (other.instance, Advert(role="tts", bound=bound, name="den").instance) == (
        "den tts 10201",
        "den tts",
    )
    told = engine_facts(ScriptedTts().describe(), "1.0")
    assert told == {
        "version": "1.0",
        "engine": "scriptedtts",
        "model": "script",
        "languages": "en",
    }


@pytest.mark.parametrize(
    ("languages", "asked", "speaks"),
    [
        (("en", "de"), "de-CH", True),
        (("en_US",), "en", True),
        (("en",), "fr", False),
        ((), "fr", True),
        (("en",), None, True),
        (("no",), "nb-NO", True),
        (("cmn",), "zh-Hant", True),
        (("he",), "iw_IL.UTF-8", True),
    ],
)
def test_languages_match_by_their_primary_tag(
    languages: tuple[str, ...], asked: str | None, speaks: bool
) -> None:
    assert RemoteService(name="s", uri="tcp://h:1", languages=languages).speaks(asked) == speaks
