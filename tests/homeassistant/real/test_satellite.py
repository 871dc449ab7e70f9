"""Home Assistant uses our satellite: adding it, staying connected, answering requests."""

from __future__ import annotations

import asyncio
import time

import pytest

from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import describe
from tests.homeassistant.real import entries, spoken_requests
from tests.homeassistant.real.install import OLD
from tests.homeassistant.real.satellite import NAME, RealSatellite
from tests.homeassistant.real.turns import check_turn
from tests.homeassistant.real.wyoming_tap import HOME, OURS

pytestmark = pytest.mark.timeout(300)


def test_the_satellite_is_added_by_name_with_all_entities(satellite: RealSatellite) -> None:
    assert satellite.entry.title == NAME
    device = satellite.home_assistant.loop.run(entries.device(satellite.home.api, satellite.entry))
    assert device["name"] == NAME
    platforms = set(satellite.entry.entities)
    expected = {"binary_sensor", "number", "select", "switch"}
    if satellite.home_assistant.version != OLD:
        expected.add("assist_satellite")
    assert platforms == expected


def test_the_satellite_stays_connected(satellite: RealSatellite) -> None:
    mark = len(satellite.tap.events)
    for _ in range(3):
        mark = satellite.tap.events.index(satellite.wait("pong", mark, 10.0, HOME)) + 1
    assert len({event.link for event in satellite.tap.since(0, HOME, "run-satellite")}) <= 2


async def test_describe_is_answered_at_any_time(satellite: RealSatellite) -> None:
    uri = f"tcp://127.0.0.1:{satellite.tap.target}"
    took = []
    for _ in range(5):
        began = time.monotonic()
        infos = await asyncio.gather(*(describe(uri, pairing=Pairing()) for _ in range(4)))
        took.append(time.monotonic() - began)
        assert {event.data["satellite"]["name"] for event in infos} == {NAME}
    assert sorted(took)[2] < 0.1


def test_two_spoken_requests_are_answered(satellite: RealSatellite) -> None:
    check_turn(satellite)
    check_turn(satellite)


def test_the_satellite_works_after_a_reload(satellite: RealSatellite) -> None:
    mark = len(satellite.tap.events)
    satellite.home_assistant.loop.run(entries.reload(satellite.home.api, satellite.entry))
    satellite.connected(mark)
    check_turn(satellite)


def test_describe_does_not_disturb_turns(satellite: RealSatellite) -> None:
    """Describe is answered at once while the satellite listens and while it plays."""
    mark = satellite.say(spoken_requests.request())
    uri = f"tcp://127.0.0.1:{satellite.tap.target}"
    for kind in ("audio-chunk", "transcript", "audio-start"):
        satellite.wait(kind, mark)
        began = time.monotonic()
        satellite.home_assistant.loop.run(describe(uri, pairing=Pairing()))
        assert time.monotonic() - began < 0.3
    satellite.wait("played", mark, sender=OURS)
    satellite.idle()


def test_a_muted_satellite_sends_nothing_until_it_is_unmuted(satellite: RealSatellite) -> None:
    mark = len(satellite.tap.events)
    satellite.switch(muted=True)
    satellite.wait("pause-satellite", mark, sender=HOME)
    mark = satellite.say(spoken_requests.request())
    time.sleep(len(spoken_requests.request()) / 32000 + 1.0)
    assert satellite.tap.types(mark, OURS) == []
    satellite.switch(muted=False)
    satellite.connected(mark)
    check_turn(satellite)
