"""What Home Assistant sees of the satellite: info at any time, one driver, mute, a port."""

from __future__ import annotations

import asyncio
import logging
import time

import msgspec
import pytest

from satellite import events
from satellite.errors import PortInUse
from satellite.homeassistant.driver import link
from satellite.homeassistant.driver.port import reachable
from satellite.net import info
from satellite.net.pairing import Pairing
from satellite.net.remotes import describe
from satellite.settings import HOME_ASSISTANT_PORT, HomeAssistantSettings
from tests.support.scripted_home_assistant import connected_home_assistant
from tests.support.scripted_satellite import QUIET, SILENCE, VOICE, WAKE, ScriptedSatellite


async def test_describe_on_other_connections_in_the_middle_of_a_turn() -> None:
    async with ScriptedSatellite().open() as kitchen, connected_home_assistant(kitchen.uri) as home:
        kitchen.speaker.slow = asyncio.Event()
        kitchen.room.ask()
        await home.expect("audio-stop")
        await home.answer("tell me a story", "Once upon a time.", 5.0)
        await kitchen.until(lambda: bool(kitchen.speaker.heard))
        took = []
        for _ in range(20):
            began = time.monotonic()
            told = info.from_event(await describe.describe(kitchen.uri, pairing=Pairing()))
            took.append(time.monotonic() - began)
        assert sorted(took)[10] < 0.1  # not all, on a machine that is shared
        satellite = told.satellite
        assert satellite is not None
        assert (satellite.name, satellite.area, satellite.installed) == ("kitchen", "Kitchen", True)
        assert satellite.has_vad
        assert satellite.active_wake_words == ["okay_nabu"]
        assert satellite.max_active_wake_words == 1
        assert satellite.version
        assert satellite.attribution.name == "Satellite"
        assert told.wake[0].models[0].phrase == "Okay Nabu"
        kitchen.speaker.slow.set()
        await home.expect("played")


async def test_a_satellite_is_no_server_of_wake_words_to_others() -> None:
    from satellite.net.discovery.remote_service import read_service

    async with ScriptedSatellite().open() as kitchen:
        event = await describe.describe(kitchen.uri, pairing=Pairing())
        server = read_service("kitchen satellite", kitchen.uri, event, 0.0)
        assert (server.satellite, server.roles, server.ours) == (True, (), True)


async def test_pings_are_answered_on_every_connection() -> None:
    async with (
        ScriptedSatellite().open() as kitchen,
        connected_home_assistant(kitchen.uri) as home,
        connected_home_assistant(kitchen.uri, drive=False) as other,
    ):
        await home.send("ping", text="one")
        await other.send("ping")
        await kitchen.until(lambda: home.pongs == other.pongs == 1)


async def test_the_newest_driver_wins_and_the_older_is_hung_up_on() -> None:
    async with (
        ScriptedSatellite().open() as kitchen,
        connected_home_assistant(kitchen.uri) as old,
        connected_home_assistant(kitchen.uri) as new,
    ):
        kitchen.room.ask()
        await new.expect("audio-stop")
        await new.answer("turn on the lamp", "Done.")
        await new.expect("played")
        assert old.kinds() == ["info"]
        await kitchen.until(lambda: old.gone)


async def test_muted_nobody_listens_until_it_is_unmuted() -> None:
    async with ScriptedSatellite().open() as kitchen, connected_home_assistant(kitchen.uri) as home:
        await home.send("pause-satellite")
        await kitchen.until(lambda: bool(kitchen.of(events.Mute)))
        kitchen.room.ask()
        await kitchen.until(lambda: kitchen.room.silent)
        assert home.kinds() == ["info"]
        assert not kitchen.of(events.Wake)
        async with connected_home_assistant(kitchen.uri) as again:
            kitchen.room.ask()
            await again.expect("run-pipeline")
        assert [event.muted for event in kitchen.of(events.Mute)] == [True, False]


async def test_muting_ends_a_turn_that_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "LEAVING", 0.0)
    async with ScriptedSatellite().open() as kitchen, connected_home_assistant(kitchen.uri) as home:
        kitchen.room.say((WAKE, 0.03), (SILENCE, 0.3), (VOICE, 3.0))
        await home.expect("audio-chunk")
        await home.send("pause-satellite")
        await kitchen.ended()
        assert kitchen.outcomes() == ["cancelled"]


async def test_muting_after_a_request_does_not_leave_it_unanswered() -> None:
    async with ScriptedSatellite().open() as kitchen, connected_home_assistant(kitchen.uri) as home:
        kitchen.room.ask()
        await home.expect("audio-stop")
        await home.send("pause-satellite")
        await kitchen.ended()
        assert kitchen.outcomes() == ["answered"]
        assert kitchen.of(events.Failover)


async def test_who_stops_within_a_turn_has_not_muted() -> None:
    async with ScriptedSatellite().open() as kitchen:
        async with connected_home_assistant(kitchen.uri) as home:
            kitchen.room.say((WAKE, 0.03), (SILENCE, 0.3), (VOICE, 1.0))
            await home.expect("audio-chunk")
            await home.send("pause-satellite")
        kitchen.room.say((SILENCE, 1.0))
        await kitchen.ended()
        assert kitchen.outcomes() == ["answered"]
        assert kitchen.asr.requests
        assert not kitchen.of(events.Mute)


async def test_who_muted_and_left_mutes_no_more() -> None:
    async with ScriptedSatellite().open() as kitchen:
        async with connected_home_assistant(kitchen.uri) as home:
            await home.send("pause-satellite")
            await kitchen.until(lambda: bool(kitchen.of(events.Mute)))
        await kitchen.until(lambda: len(kitchen.of(events.Mute)) == 2)
        kitchen.room.ask()
        await kitchen.ended()
        assert kitchen.outcomes() == ["answered"]
        assert kitchen.asr.requests


async def test_a_local_brain_is_not_driven() -> None:
    settings = msgspec.structs.replace(QUIET, brain="local")
    async with (
        ScriptedSatellite(settings).open() as kitchen,
        connected_home_assistant(kitchen.uri) as home,
    ):
        kitchen.room.ask()
        await kitchen.ended()
        assert kitchen.asr.requests
        assert home.kinds() == ["info"]


async def test_rubbish_ends_its_connection_and_no_other() -> None:
    async with (
        ScriptedSatellite().open() as kitchen,
        connected_home_assistant(kitchen.uri) as home,
        connected_home_assistant(kitchen.uri, drive=False) as other,
    ):
        await other.send("x" * 100_000)
        await kitchen.until(lambda: other.gone)
        kitchen.room.ask()
        await home.expect("run-pipeline")


@pytest.mark.parametrize("brain", ["auto", "homeassistant"])
async def test_a_port_that_is_taken(brain: str, caplog: pytest.LogCaptureFixture) -> None:
    async with ScriptedSatellite().open() as kitchen:
        home = HomeAssistantSettings(listen=kitchen.uri)
        settings = msgspec.structs.replace(QUIET, brain=brain, homeassistant=home)
        with pytest.raises(PortInUse, match="--listen"):
            async with reachable(settings):
                pass


async def test_the_usual_port_is_done_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with ScriptedSatellite().open() as kitchen:
        monkeypatch.setattr("satellite.homeassistant.driver.port.HOME_ASSISTANT_PORT", kitchen.uri)
        home = HomeAssistantSettings(listen=kitchen.uri)
        settings = msgspec.structs.replace(QUIET, homeassistant=home)
        with caplog.at_level(logging.WARNING):
            async with reachable(settings) as port:
                assert port.bound is None
        assert "--listen" in caplog.text
    assert HOME_ASSISTANT_PORT.endswith(":10700")


async def test_without_an_address_nobody_is_let_in() -> None:
    home = HomeAssistantSettings(listen="")
    kitchen = ScriptedSatellite(msgspec.structs.replace(QUIET, homeassistant=home))
    async with kitchen.open():
        assert not kitchen.uri
