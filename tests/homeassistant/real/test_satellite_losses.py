"""Home Assistant restarts: the satellite listens, answers alone, and is found again."""

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
    check_turn_after_restart,
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
    """Restart Home Assistant, so that its state is on disk: it writes when it stops."""
    restart_home(satellite)


@pytest.fixture(autouse=True)
def back(satellite: RealSatellite, written: None) -> Iterator[None]:
    """Ensure after each test that Home Assistant runs and is connected."""
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
    check_turn_after_restart(satellite)


def test_our_satellite_is_killed_during_speech(satellite: RealSatellite) -> None:
    mark = satellite.say(spoken_requests.request())
    satellite.wait("audio-start", mark, sender=HOME)
    assert restart_satellite(satellite, kill=True) < RECONNECT_KILLED
    time.sleep(0.5)
    assert satellite.tap.since(mark, OURS, "detection")
    check_turn_after_restart(satellite)
