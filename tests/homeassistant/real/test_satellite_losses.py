"""Home Assistant goes away and comes back: the satellite listens, answers alone, and is found."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.homeassistant.real import spoken_requests
from tests.homeassistant.real.install import NEW
from tests.homeassistant.real.outages import (
    RECONNECT,
    RECONNECT_KILLED,
    STAGES,
    check_alone,
    kill_within_turn,
    restart_home,
    restart_satellite,
)
from tests.homeassistant.real.satellite import RealSatellite
from tests.homeassistant.real.turns import check_turn
from tests.homeassistant.real.wyoming_tap import HOME, OURS

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.parametrize("home_assistant", [NEW], indirect=True, scope="module"),
]


@pytest.fixture(autouse=True, scope="module")
def written(satellite: RealSatellite) -> None:
    """What Home Assistant knows is on its disk: it writes at its end, and else when it has time."""
    restart_home(satellite)


@pytest.fixture(autouse=True)
def back(satellite: RealSatellite, written: None) -> Iterator[None]:
    """After each test Home Assistant is there, and connected."""
    yield
    if not satellite.home_assistant.alive:
        mark = len(satellite.tap.events)
        satellite.home_assistant.start()
        satellite.connected(mark, 30.0)


@pytest.mark.parametrize("stage", STAGES)
def test_home_assistant_is_killed_within_a_turn(satellite: RealSatellite, stage: str) -> None:
    kill_within_turn(satellite, stage)
    check_alone(satellite)
    mark = len(satellite.tap.events)
    satellite.home_assistant.start()
    satellite.connected(mark, 30.0)
    check_turn(satellite)


def test_either_side_is_restarted(satellite: RealSatellite) -> None:
    assert restart_home(satellite) < RECONNECT
    check_turn(satellite)
    assert restart_satellite(satellite) < RECONNECT
    check_turn(satellite)


def test_our_satellite_is_killed_while_it_speaks(satellite: RealSatellite) -> None:
    mark = satellite.say(spoken_requests.request())
    satellite.wait("audio-start", mark, sender=HOME)
    assert restart_satellite(satellite, kill=True) < RECONNECT_KILLED
    time.sleep(0.5)
    assert satellite.tap.since(mark, OURS, "detection")
    check_turn(satellite)
