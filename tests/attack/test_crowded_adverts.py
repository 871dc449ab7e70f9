"""More adverts than are monitored: the real server is found, and those in use keep their place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from satellite.net.discovery import browser
from satellite.net.discovery.browser import Discovery
from satellite.net.discovery.location import ServiceLocation
from satellite.net.discovery.monitor import Monitor
from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService
from satellite.net.discovery.services import AdvertisedService, by_turns
from satellite.net.discovery.turns import CROWD, next_to_leave
from satellite.net.pairing import Pairing
from servers.serve import serving
from tests.net.discovery.test_browser import LOOP, advert, announced, unique
from tests.support.engines import ScriptedTts
from tests.support.peers import until
from tests.support.ports import free_port

PLACES = 6


@pytest.fixture
def few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Monitor few services at once, with quick turns."""
    monkeypatch.setattr(browser, "MOST", PLACES)
    monkeypatch.setattr(browser, "TURN", 0.2)


@asynccontextmanager
async def looking(*pins: str) -> AsyncGenerator[Discovery, None]:
    preferences = Preferences(pin=pins)
    discovery = Discovery(interfaces=LOOP, own=True, pairing=Pairing(), preferences=preferences)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(discovery.run())
        try:
            yield discovery
        finally:
            running.cancel()


@asynccontextmanager
async def crowd(count: int) -> AsyncGenerator[None, None]:
    """Announce servers that do not exist."""
    name = unique()
    dead = [f"tcp://127.0.0.1:{free_port()}" for _ in range(count)]
    async with announced(*(advert(uri, "tts", f"{name}-{n}") for n, uri in enumerate(dead))):
        yield


async def test_a_real_server_is_found_behind_a_crowd(
    few_places: None, caplog: pytest.LogCaptureFixture
) -> None:
    async with crowd(3 * PLACES), looking() as discovery:
        await until(lambda: len(discovery._monitors) == PLACES)  # noqa: SLF001
        await asyncio.sleep(0.5)
        async with (
            serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as uri,
            announced(advert(uri, "tts", unique())),
        ):
            async with asyncio.timeout(10):
                while uri not in {server.uri for server in discovery.servers("tts")}:
                    await asyncio.sleep(0.02)
            discovery.mark_used(uri)
            for _ in range(20):  # it keeps its place for as long as it is used
                await asyncio.sleep(0.1)
                assert uri in {server.uri for server in discovery.servers("tts")}
    warned = [r for r in caplog.records if "checked by turns" in r.getMessage()]
    assert [r.levelno for r in warned].count(logging.WARNING) == 1


class FixedLocation:
    """A location that is known."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def resolve(self) -> ServiceLocation:
        return ServiceLocation(())

    def invalidate(self) -> None:
        pass


def monitored(name: str, host: str, *, answers: bool, checked: bool = True) -> Monitor:
    monitor = Monitor(
        FixedLocation(name), lambda *_: None, lambda _: None, lambda _: False, Pairing()
    )
    monitor.checked = checked
    monitor.last = RemoteService(name=name, uri=f"tcp://{host}:10200", roles=("tts",))
    monitor.server = monitor.last if answers else None
    return monitor


def leaving(*monitors: Monitor, answering: bool, protected: str = "") -> str | None:
    keyed = [(monitor.location.name, monitor) for monitor in monitors]
    return next_to_leave(keyed, lambda one: one.location.name == protected, answering=answering)


def test_services_that_do_not_answer_make_room_first() -> None:
    well = monitored("well", "10.0.0.1", answers=True)
    dead = monitored("dead", "10.0.0.2", answers=False)
    new = monitored("new", "10.0.0.3", answers=False, checked=False)
    assert leaving(well, dead, new, answering=True) == "dead"
    assert leaving(well, new, answering=False) is None
    assert leaving(well, new, answering=True) == "well"
    assert leaving(well, new, answering=True, protected="well") is None


def test_a_crowd_of_one_address_makes_room_for_others() -> None:
    """Also if each of them answers."""
    fakes = [monitored(f"fake {n}", "10.0.0.9", answers=True) for n in range(CROWD + 1)]
    real = monitored("real", "10.0.0.1", answers=True)
    assert leaving(real, *fakes, answering=False) == "fake 0"
    assert leaving(real, *fakes[:-1], answering=False) is None
    assert leaving(real, *fakes[:2], answering=True) == "fake 0"


async def test_paired_pinned_used_and_named_servers_keep_their_places() -> None:
    discovery = Discovery(pairing=Pairing(), preferences=Preferences(pin=("attic",)))
    plain = monitored("den tts", "10.0.0.1", answers=True)
    assert not discovery._protected(plain)  # noqa: SLF001
    discovery.mark_used("tcp://10.0.0.1:10200")
    assert discovery._protected(plain)  # noqa: SLF001
    assert discovery._protected(monitored("attic tts", "10.0.0.2", answers=False))  # noqa: SLF001
    paired = monitored("loft tts", "10.0.0.3", answers=False)
    paired.last = RemoteService(name="loft tts", uri="tls://10.0.0.3:10800/tts")
    assert discovery._protected(paired)  # noqa: SLF001


def test_one_machine_with_many_adverts_hides_no_other_from_a_search() -> None:
    def service(host: str, number: int) -> AdvertisedService:
        return AdvertisedService(instance=f"{host} {number}", port=1, addresses=(host,))

    many = [service("10.0.0.66", number) for number in range(200)]
    few = [service("10.0.0.7", 1), service("10.0.0.8", 1)]
    found = by_turns([*many, *few], 64)
    assert len(found) == 64
    assert all(one in found for one in few)
    assert by_turns(few, 64) == tuple(few)
