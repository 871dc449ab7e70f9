"""Monitoring of a service: seldom while it works, at once after a failure, often while lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from wyoming.event import Event

from satellite import events
from satellite.errors import PeerLate, PeerUnreachable
from satellite.net.discovery import monitor
from satellite.net.discovery.browser import Discovery
from satellite.net.discovery.location import NamedLocation
from satellite.net.discovery.preferences import Preferences
from satellite.net.discovery.remote_service import RemoteService
from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import describe
from servers.serve import serving
from tests.support.engines import ScriptedTts
from tests.support.peers import Stranger, stranger, until


@asynccontextmanager
async def watching(*uris: str) -> AsyncGenerator[tuple[Discovery, list[events.Event]], None]:
    """Run a discovery that monitors named servers, without multicast."""
    published: list[events.Event] = []
    discovery = Discovery(
        published.append, preferences=Preferences(pin=uris), announced=False, pairing=Pairing()
    )
    async with asyncio.TaskGroup() as tasks:
        looking = tasks.create_task(discovery.run())
        yield discovery, published
        looking.cancel()


@asynccontextmanager
async def speech() -> AsyncGenerator[Stranger, None]:
    """Run a service that describes itself as our text-to-speech, and counts requests."""
    async with serving("tts", ScriptedTts(), "tcp://127.0.0.1:0") as uri:
        info = await describe(uri, pairing=Pairing())
    async with stranger({"describe": [info]}) as service:
        yield service


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time run a hundred times as fast."""
    monkeypatch.setattr(monitor, "REFRESH", 0.6)
    monkeypatch.setattr(monitor, "PROBE", (0.015, 0.03))


async def one(discovery: Discovery) -> RemoteService:
    await until(lambda: discovery.servers("tts"))
    return discovery.servers("tts")[0]


async def test_a_named_server_is_used_without_an_announcement() -> None:
    async with speech() as service, watching(service.uri) as (discovery, published):
        server = await one(discovery)
        assert (server.uri, server.name, server.ours) == (service.uri, service.uri, True)
        assert [event.kind for event in published] == ["server_found"]


async def test_only_services_in_use_are_checked_often(quick: None) -> None:
    async with speech() as used, speech() as idle, watching(used.uri, idle.uri) as (discovery, _):
        await until(lambda: len(discovery.servers("tts")) == 2)
        discovery.mark_used(used.uri)
        await until(lambda: len(used.seen) >= 4)
        assert len(idle.seen) == 1


async def test_a_suspect_service_is_checked_lost_and_found_again(
    quick: None, caplog: pytest.LogCaptureFixture
) -> None:
    async with stranger() as service:
        async with speech() as well:
            answers = well.script["describe"]
        service.script["describe"] = answers
        async with watching(service.uri) as (discovery, published):
            before = await one(discovery)
            service.script["describe"] = [None]
            discovery.mark_suspect(before.uri)
            assert discovery.servers("tts")[0].suspect
            with caplog.at_level(logging.DEBUG, monitor.__name__):
                await until(lambda: not discovery.servers("tts"))
                await until(lambda: len(service.seen) >= 5)
            service.script["describe"] = answers
            after = await one(discovery)
            assert after.since > before.since
            assert not after.suspect
    kinds = [event.kind for event in published]
    assert kinds == ["server_found", "server_lost", "server_found"]
    levels = [record.levelno for record in caplog.records if record.name == monitor.__name__]
    assert levels[0] == logging.WARNING
    assert set(levels[1:]) == {logging.DEBUG}


async def test_those_who_wait_for_a_service_learn_that_it_stopped_answering(quick: None) -> None:
    losses: list[str] = []
    async with speech() as service, watching(service.uri) as (discovery, _):
        server = await one(discovery)
        with discovery.when_lost(server.uri, lambda: losses.append("early")):
            pass
        with discovery.when_lost(server.uri, lambda: losses.append("waiting")):
            service.script["describe"] = [None]
            discovery.mark_suspect(server.uri)
            await until(lambda: bool(losses))
    assert losses == ["waiting"]


async def test_a_wrongly_suspected_service_stays(quick: None) -> None:
    async with speech() as service, watching(service.uri) as (discovery, published):
        server = await one(discovery)
        discovery.mark_suspect(server.uri)
        await until(lambda: len(service.seen) == 2 and not discovery.servers("tts")[0].suspect)
        assert discovery.servers("tts")[0].since == server.since
        assert len(published) == 1


async def test_all_services_of_a_machine_are_suspect_together() -> None:
    async with speech() as one_, speech() as two, watching(one_.uri, two.uri) as (discovery, _):
        await until(lambda: len(discovery.servers("tts")) == 2)
        discovery.mark_suspect(one_.uri)
        assert all(server.suspect for server in discovery.servers("tts"))


async def test_a_service_is_lost_after_two_late_answers(
    quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "ANSWER", 0.7)  # enough for a busy machine
    async with speech() as service, watching(service.uri) as (discovery, published):
        server = await one(discovery)
        answers, service.script["describe"] = service.script["describe"], []
        discovery.mark_used(server.uri)
        await until(lambda: len(service.seen) == 2)
        service.script["describe"] = answers
        await until(lambda: len(service.seen) == 3)
        assert [event.kind for event in published] == ["server_found"]
        service.script["describe"] = []
        await until(lambda: not discovery.servers("tts"))


async def test_a_malformed_service_is_checked_less_and_less(quick: None) -> None:
    nonsense = Event("info", {"tts": [{"name": "x"}]})
    async with stranger({"describe": [nonsense]}) as service, watching(service.uri):
        await until(lambda: len(service.seen) >= 4)
        began = asyncio.get_running_loop().time()
        await until(lambda: len(service.seen) >= 6)
        assert asyncio.get_running_loop().time() - began > 0.015 * (2**3 + 2**4)


async def test_a_service_that_answers_late_is_checked_less_and_less(
    quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "ANSWER", 0.01)
    async with stranger({"describe": []}) as service, watching(service.uri):
        await until(lambda: len(service.seen) >= 5)
        began = asyncio.get_running_loop().time()
        await until(lambda: len(service.seen) >= 7)
        assert asyncio.get_running_loop().time() - began > 0.015 * (2**4 + 2**5)


async def test_checks_of_a_busy_service_stay_apart() -> None:
    location = NamedLocation("tcp://127.0.0.1:9")
    watched = monitor.Monitor(location, print, print, lambda uri: False, Pairing())
    for _ in range(20):
        watched._fail(PeerLate("late"), suspect=False)  # noqa: SLF001
    waits = [watched._interval() for _ in range(200)]  # noqa: SLF001
    assert monitor.LATE / 2 <= min(waits) < max(waits) <= monitor.LATE
    assert max(waits) - min(waits) > monitor.LATE / 3
    watched._fail(PeerUnreachable("gone"), suspect=False)  # noqa: SLF001
    assert watched._interval() <= monitor.PROBE[1]  # noqa: SLF001


async def test_named_servers_are_used_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ifaddr.get_adapters", list)
    async with speech() as service:
        discovery = Discovery(preferences=Preferences(pin=(service.uri,)), pairing=Pairing())
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(discovery.run())
            await one(discovery)
            looking.cancel()


def test_checks_by_many_satellites_are_few_and_a_return_is_noticed_soon() -> None:
    least, most = monitor.PROBE
    assert 200 / ((least + most) / 2) < 100, "connections per second of 200 satellites"
    assert most + monitor.CONNECT < 5.0
