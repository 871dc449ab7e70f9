"""A minute of sounds other than wake words has no detection; `tests.soak.other_sounds` has more."""

from __future__ import annotations

import pytest

from satellite.builtin.wake.engine import WakeEngine
from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.two_stage import TwoStage
from tests.soak.other_sounds import KINDS, false_wakes, pieces

SECONDS = 60.0


def test_every_kind_of_sound_is_included_and_deterministic() -> None:
    sounds = list(pieces(10, seed=3))
    assert {kind for kind, _ in sounds} == {make.__name__ for make in KINDS}
    assert sum(len(sound) for _, sound in sounds) == 10 * 32000
    assert sounds == list(pieces(10, seed=3))
    assert all(any(sound) for kind, sound in sounds if kind != "silence")


@pytest.mark.parametrize("kind", [OpenWakeWord, MicroWakeWord, TwoStage])
async def test_other_sounds_are_not_detected(kind: type[WakeEngine]) -> None:
    engine = kind(kind.Options())  # type: ignore[attr-defined,call-arg]
    await engine.load()
    every_word = tuple(model.name for model in engine.describe().models)
    assert await false_wakes(engine, pieces(SECONDS), every_word) == []
    await engine.close()
