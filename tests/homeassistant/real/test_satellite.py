"""Home Assistant uses our satellite: it is added, stays, and a spoken request is answered there."""

from __future__ import annotations

import asyncio
import time

import pytest

from satellite.net.describe import describe
from tests.homeassistant.real import entries, said
from tests.homeassistant.real.install import OLD
from tests.homeassistant.real.satellite import NAME, RealSatellite
from tests.homeassistant.real.turns import check_turn
from tests.homeassistant.real.wyoming_tap import HOME, OURS

pytestmark = pytest.mark.timeout(300)


def test_it_is_added_by_its_name_with_everything_it_has(kitchen: RealSatellite) -> None:
    assert kitchen.entry.title == NAME
    device = kitchen.house.portal.run(entries.device(kitchen.home.api, kitchen.entry))
    assert device["name"] == NAME
    platforms = set(kitchen.entry.entities)
    expected = {"binary_sensor", "number", "select", "switch"}
    if kitchen.house.version != OLD:
        expected.add("assist_satellite")
    assert platforms == expected


def test_it_stays_connected(kitchen: RealSatellite) -> None:
    mark = len(kitchen.tap.events)
    for _ in range(3):
        mark = kitchen.tap.events.index(kitchen.wait("pong", mark, 10.0, HOME)) + 1
    assert len({event.link for event in kitchen.tap.since(0, HOME, "run-satellite")}) <= 2


async def test_it_says_what_it_is_at_any_time(kitchen: RealSatellite) -> None:
    uri = f"tcp://127.0.0.1:{kitchen.tap.target}"
    took = []
    for _ in range(5):
        began = time.monotonic()
        told = await asyncio.gather(*(describe(uri) for _ in range(4)))
        took.append(time.monotonic() - began)
        assert {event.data["satellite"]["name"] for event in told} == {NAME}
    assert sorted(took)[2] < 0.1


def test_a_spoken_request_is_answered_and_the_next_one_too(kitchen: RealSatellite) -> None:
    check_turn(kitchen)
    check_turn(kitchen)


def test_after_a_reload_it_goes_on(kitchen: RealSatellite) -> None:
    mark = len(kitchen.tap.events)
    kitchen.house.portal.run(entries.reload(kitchen.home.api, kitchen.entry))
    kitchen.connected(mark)
    check_turn(kitchen)


def test_while_it_is_asked_what_it_is_turns_go_on(kitchen: RealSatellite) -> None:
    """Describe is answered at once also while it listens, and while it plays."""
    mark = kitchen.say(said.request())
    uri = f"tcp://127.0.0.1:{kitchen.tap.target}"
    for kind in ("audio-chunk", "transcript", "audio-start"):
        kitchen.wait(kind, mark)
        began = time.monotonic()
        kitchen.house.portal.run(describe(uri))
        assert time.monotonic() - began < 0.3
    kitchen.wait("played", mark, sender=OURS)
    kitchen.idle()


def test_muted_it_sends_nothing_and_unmuted_it_comes_back(kitchen: RealSatellite) -> None:
    mark = len(kitchen.tap.events)
    kitchen.switch(muted=True)
    kitchen.wait("pause-satellite", mark, sender=HOME)
    mark = kitchen.say(said.request())
    time.sleep(len(said.request()) / 32000 + 1.0)
    assert kitchen.tap.types(mark, OURS) == []
    kitchen.switch(muted=False)
    kitchen.connected(mark)
    check_turn(kitchen)
