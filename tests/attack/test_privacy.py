"""Privacy fails closed: what opens the microphone, and who drives the satellite."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest

from satellite import events
from satellite.errors import WireError
from satellite.homeassistant.driver import link
from satellite.net import uri as uris
from satellite.net.wire import Connection
from tests.support.scripted_home_assistant import ScriptedHomeAssistant
from tests.support.scripted_satellite import ScriptedSatellite

HOME, STRANGER = "127.0.0.2", "127.0.0.3"
"""Addresses of this machine, from which a Home Assistant and a stranger connect."""


@asynccontextmanager
async def peer(
    satellite: ScriptedSatellite, address: str, *sent: str
) -> AsyncGenerator[ScriptedHomeAssistant, None]:
    """Connect from an address during the block, and send some events."""
    target = uris.parse(satellite.uri)
    assert isinstance(target, uris.Tcp)
    streams = await asyncio.open_connection(target.host, target.port, local_addr=(address, 0))
    home = ScriptedHomeAssistant(Connection(*streams, address))

    async def listen() -> None:
        with suppress(WireError):
            await home.listen()
        home.gone = True

    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(listen())
        for kind in sent:
            await home.send(kind)
        try:
            yield home
        finally:
            listening.cancel()
            home.leave()


def muted(satellite: ScriptedSatellite) -> bool:
    """Return whether the microphone is closed, by the events."""
    changes = satellite.of(events.Mute)
    return bool(changes) and changes[-1].muted


async def until_muted(satellite: ScriptedSatellite, wanted: bool = True) -> None:
    await satellite.until(lambda: muted(satellite) is wanted)


async def drives(satellite: ScriptedSatellite, home: ScriptedHomeAssistant) -> None:
    """Assert that a request goes to a Home Assistant."""
    await asyncio.sleep(0.2)  # the event of an end of mute precedes the first sound by a chunk
    satellite.room.ask()
    await home.expect("audio-stop")
    await home.answer("turn on the lamp", "Done.")
    await home.expect("played")


async def test_a_broken_connection_does_not_open_the_microphone() -> None:
    async with ScriptedSatellite().open() as satellite:
        async with peer(satellite, HOME, "run-satellite", "pause-satellite"):
            await until_muted(satellite)
        await asyncio.sleep(0.5)
        assert muted(satellite)


@pytest.mark.parametrize("connected", [True, False])
async def test_another_peer_does_not_open_the_microphone(
    connected: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with ScriptedSatellite().open() as satellite:
        async with peer(satellite, HOME, "run-satellite", "pause-satellite") as home:
            await until_muted(satellite)
            if not connected:
                home.leave()
                await satellite.until(lambda: home.gone)
            async with peer(satellite, STRANGER, "run-satellite", "describe") as stranger:
                await stranger.expect("info")
                await stranger.send("pause-satellite")
                await asyncio.sleep(0.5)
                await stranger.send("run-satellite")
                await asyncio.sleep(0.3)
                assert muted(satellite)
        async with peer(satellite, STRANGER, "run-satellite"):
            await asyncio.sleep(0.3)
            assert muted(satellite)
        async with peer(satellite, HOME, "run-satellite"):
            await until_muted(satellite, False)
    assert "the microphone stays closed: homeassistant at 127.0.0.2" in caplog.text


async def test_home_assistant_unmutes_after_it_reconnects() -> None:
    """It closes the muted connection, and opens another one; a restart of it does the same."""
    async with ScriptedSatellite().open() as satellite:
        for _ in range(2):
            async with peer(satellite, HOME, "run-satellite", "pause-satellite"):
                await until_muted(satellite)
        async with peer(satellite, HOME, "run-satellite") as home:
            await until_muted(satellite, False)
            await drives(satellite, home)


async def test_a_program_on_the_same_machine_does_not_unmute_for_home_assistant() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        peer(satellite, HOME, "run-satellite", "pause-satellite"),
    ):
        await until_muted(satellite)
        async with peer(satellite, HOME, "run-satellite"):
            await asyncio.sleep(1.0)
            assert muted(satellite)


async def test_a_paused_connection_that_is_left_open_is_followed_by_the_next() -> None:
    """Some versions of Home Assistant leave it open when the integration is reloaded."""
    async with (
        ScriptedSatellite().open() as satellite,
        peer(satellite, HOME, "run-satellite", "pause-satellite") as old,
    ):
        await until_muted(satellite)
        async with peer(satellite, STRANGER, "run-satellite", "describe") as stranger:
            await stranger.expect("info")
            assert muted(satellite)
        async with peer(satellite, HOME, "run-satellite", "describe") as home:
            await until_muted(satellite, False)
            await satellite.until(lambda: old.gone)
            await drives(satellite, home)


async def test_people_in_the_room_have_the_last_word() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        peer(satellite, HOME, "run-satellite", "pause-satellite"),
    ):
        await until_muted(satellite)
        satellite.speech.mute.set(False)
        await until_muted(satellite, False)


async def test_the_mute_of_people_in_the_room_is_ended_by_no_peer() -> None:
    async with ScriptedSatellite().open() as satellite:
        satellite.speech.mute.set(True)
        for address in (HOME, STRANGER):
            async with peer(satellite, address, "run-satellite", "pause-satellite"):
                await asyncio.sleep(0.4)
            async with peer(satellite, address, "run-satellite"):
                await asyncio.sleep(0.2)
        assert muted(satellite)


@pytest.mark.parametrize("address", [STRANGER, HOME])
async def test_a_second_home_assistant_does_not_displace_a_healthy_one(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with (
        ScriptedSatellite().open() as satellite,
        peer(satellite, HOME, "run-satellite") as home,
        peer(satellite, address, "run-satellite", "describe") as other,
    ):
        await other.expect("info")
        await other.send("timer-started", id="x", total_seconds=60)
        await asyncio.sleep(0.5)
        assert not home.gone
        assert not other.gone
        await drives(satellite, home)
        assert other.kinds() == ["info"]
        home.leave()
        await satellite.until(lambda: home.gone)
        await drives(satellite, other)
    assert "wants to drive this satellite, but Home Assistant is connected" in caplog.text
    if address == STRANGER:
        assert "it was connected from 127.0.0.2 before" in caplog.text


async def test_a_home_assistant_that_answers_no_pings_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link, "EVERY", 0.1)
    async with (
        ScriptedSatellite().open() as satellite,
        peer(satellite, HOME, "run-satellite") as home,
    ):
        home.alive = False
        async with peer(satellite, STRANGER, "run-satellite") as other:
            await satellite.until(lambda: home.gone)
            await drives(satellite, other)
