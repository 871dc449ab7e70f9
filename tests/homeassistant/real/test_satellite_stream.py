"""Home Assistant 2026.11 hears the wake word itself: it is sent all sound, and that comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.homeassistant.real import said
from tests.homeassistant.real import satellite as kitchens
from tests.homeassistant.real.install import NEW
from tests.homeassistant.real.said import LAMP
from tests.homeassistant.real.satellite import RealSatellite
from tests.homeassistant.real.services import Home
from tests.homeassistant.real.wyoming_tap import HOME, OURS

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.parametrize("house", [NEW], indirect=True, scope="module"),
]

DEAF = 50.0
"""Seconds for which Home Assistant may be deaf after muting: its old pipeline has to end first."""


@pytest.fixture(scope="module")
def kitchen(
    role: None, home: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealSatellite]:
    """A satellite that leaves the wake word to Home Assistant."""
    folder = tmp_path_factory.mktemp("kitchen")
    with kitchens.kitchen(home, folder, "--set", "homeassistant.wake=stream") as connected:
        yield connected


def check_streamed_turn(kitchen: RealSatellite) -> None:
    """The wake word is heard over there, and the rest is as ever."""
    mark = kitchen.say(said.request())
    kitchen.wait("detection", mark, sender=HOME)
    transcript = kitchen.wait("transcript", mark, sender=HOME)
    assert said.words(transcript.data["text"]) == said.words(LAMP)
    kitchen.wait("played", mark, sender=OURS)
    kitchen.idle(entity=False)


def test_the_wake_word_is_heard_by_home_assistant(kitchen: RealSatellite) -> None:
    asked = kitchen.wait("run-pipeline", 0, sender=OURS)
    assert asked.data["start_stage"] == "wake"
    check_streamed_turn(kitchen)
    time.sleep(1.0)  # until it listens for the next one
    check_streamed_turn(kitchen)


def test_muted_nothing_is_sent_and_unmuted_it_comes_back(kitchen: RealSatellite) -> None:
    mark = len(kitchen.tap.events)
    kitchen.switch(muted=True)
    kitchen.wait("pause-satellite", mark, sender=HOME)
    time.sleep(0.5)  # what is under way arrives
    mark = kitchen.say(said.request())
    time.sleep(len(said.request()) / 32000 + 0.5)
    assert kitchen.tap.types(mark, OURS) == []
    kitchen.switch(muted=False)
    back = kitchen.connected(mark)
    deadline = time.monotonic() + DEAF
    while True:
        mark = kitchen.say(said.request())
        try:
            kitchen.wait("detection", mark, 8.0, HOME)
            break
        except AssertionError:
            assert time.monotonic() < deadline, f"deaf since {back}"
    kitchen.wait("played", mark, 30.0, OURS)
    kitchen.idle(entity=False)
    check_streamed_turn(kitchen)
