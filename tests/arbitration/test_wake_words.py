"""Which words a satellite listens for."""

from __future__ import annotations

import pytest

from satellite.arbitration.wake_words import wake_words_of


@pytest.mark.parametrize("plugin", ["openwakeword", "microwakeword"])
async def test_the_words_of_a_component_are_known(plugin: str) -> None:
    found = await wake_words_of(f"{plugin}:okay_nabu,hey_jarvis")
    assert found == {"okay nabu": "okay_nabu", "hey jarvis": "hey_jarvis"}


async def test_so_are_those_that_are_chosen_where_nothing_is_set() -> None:
    assert "okay nabu" in await wake_words_of("auto")


@pytest.mark.parametrize("wake", ["tcp://10.0.0.5:10400", "nothing-of-that-name"])
async def test_others_are_learned_when_they_are_heard(wake: str) -> None:
    assert await wake_words_of(wake) == {}
