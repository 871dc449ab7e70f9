"""The wake words of a satellite, by its settings."""

from __future__ import annotations

import pytest

from satellite.arbitration.wake_words import wake_words_of


@pytest.mark.parametrize("plugin", ["openwakeword", "microwakeword"])
def test_a_component_names_its_wake_words(plugin: str) -> None:
    found = wake_words_of(f"{plugin}:okay_nabu,hey_jarvis")
    assert found == {"okay nabu": "okay_nabu", "hey jarvis": "hey_jarvis"}


def test_the_default_wake_words_are_known() -> None:
    assert "okay nabu" in wake_words_of("auto")


@pytest.mark.parametrize("wake", ["tcp://10.0.0.5:10400", "nothing-of-that-name"])
def test_a_remote_service_has_no_known_wake_words(wake: str) -> None:
    assert wake_words_of(wake) == {}
