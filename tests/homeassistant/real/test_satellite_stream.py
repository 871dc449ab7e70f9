"""Home Assistant 2026.11 detects the wake word in the satellite's streamed sound."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.homeassistant.real import satellite as satellites
from tests.homeassistant.real import spoken_requests
from tests.homeassistant.real.install import NEW
from tests.homeassistant.real.satellite import RealSatellite
from tests.homeassistant.real.services import FurnishedHome
from tests.homeassistant.real.spoken_requests import LAMP
from tests.homeassistant.real.wyoming_tap import HOME, OURS

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.parametrize("home_assistant", [NEW], indirect=True, scope="module"),
]

DEAF = 50.0
"""Seconds for which Home Assistant may miss speech after muting while its old pipeline ends."""


@pytest.fixture(scope="module")
def satellite(
    role: None, home: FurnishedHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealSatellite]:
    """A satellite that streams to Home Assistant for wake word detection."""
    folder = tmp_path_factory.mktemp("kitchen")
    with satellites.connected_satellite(
        home, folder, "--set", "homeassistant.wake=stream"
    ) as connected:
        yield connected


def check_streamed_turn(satellite: RealSatellite) -> None:
    """Check a turn whose wake word Home Assistant detects."""
    mark = satellite.say(spoken_requests.request())
    satellite.wait("detection", mark, sender=HOME)
    transcript = satellite.wait("transcript", mark, sender=HOME)
    assert spoken_requests.words(transcript.data["text"]) == spoken_requests.words(LAMP)
    satellite.wait("played", mark, sender=OURS)
    satellite.idle(entity=False)


def test_home_assistant_detects_the_wake_word(satellite: RealSatellite) -> None:
    asked = satellite.wait("run-pipeline", 0, sender=OURS)
    assert asked.data["start_stage"] == "wake"
    check_streamed_turn(satellite)
    time.sleep(1.0)  # until Home Assistant listens for the next wake word
    check_streamed_turn(satellite)


def test_streaming_stops_while_muted(satellite: RealSatellite) -> None:
    mark = len(satellite.tap.events)
    satellite.switch(muted=True)
    satellite.wait("pause-satellite", mark, sender=HOME)
    time.sleep(0.5)  # sound under way arrives
    mark = satellite.say(spoken_requests.request())
    time.sleep(len(spoken_requests.request()) / 32000 + 0.5)
    assert satellite.tap.types(mark, OURS) == []
    satellite.switch(muted=False)
    back = satellite.connected(mark)
    deadline = time.monotonic() + DEAF
    while True:
        mark = satellite.say(spoken_requests.request())
        try:
            satellite.wait("detection", mark, 8.0, HOME)
            break
        except AssertionError:
            assert time.monotonic() < deadline, f"deaf since {back}"
    satellite.wait("played", mark, 30.0, OURS)
    satellite.idle(entity=False)
    check_streamed_turn(satellite)
