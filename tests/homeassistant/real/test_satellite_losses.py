"""Home Assistant goes away and comes back: the satellite listens, answers alone, and is found."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.homeassistant.real import said
from tests.homeassistant.real.install import NEW
from tests.homeassistant.real.losses import (
    RECONNECT,
    RECONNECT_KILLED,
    STAGES,
    check_alone,
    lose,
    restart_home,
    restart_us,
)
from tests.homeassistant.real.satellite import RealSatellite
from tests.homeassistant.real.turns import check_turn
from tests.homeassistant.real.wyoming_tap import HOME, OURS

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.parametrize("house", [NEW], indirect=True, scope="module"),
]


@pytest.fixture(autouse=True, scope="module")
def written(kitchen: RealSatellite) -> None:
    """What Home Assistant knows is on its disk: it writes at its end, and else when it has time."""
    restart_home(kitchen)


@pytest.fixture(autouse=True)
def back(kitchen: RealSatellite, written: None) -> Iterator[None]:
    """After each test Home Assistant is there, and connected."""
    yield
    if not kitchen.house.alive:
        mark = len(kitchen.tap.events)
        kitchen.house.start()
        kitchen.connected(mark, 30.0)


@pytest.mark.parametrize("stage", STAGES)
def test_home_assistant_is_killed_within_a_turn(kitchen: RealSatellite, stage: str) -> None:
    lose(kitchen, stage)
    check_alone(kitchen)
    mark = len(kitchen.tap.events)
    kitchen.house.start()
    kitchen.connected(mark, 30.0)
    check_turn(kitchen)


def test_either_side_is_restarted(kitchen: RealSatellite) -> None:
    assert restart_home(kitchen) < RECONNECT
    check_turn(kitchen)
    assert restart_us(kitchen) < RECONNECT
    check_turn(kitchen)


def test_our_satellite_is_killed_while_it_speaks(kitchen: RealSatellite) -> None:
    mark = kitchen.say(said.request())
    kitchen.wait("audio-start", mark, sender=HOME)
    assert restart_us(kitchen, kill=True) < RECONNECT_KILLED
    time.sleep(0.5)
    assert kitchen.tap.since(mark, OURS, "detection")
    check_turn(kitchen)
