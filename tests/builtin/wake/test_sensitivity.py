"""People make the wake engine more or less sensitive while it runs."""

from __future__ import annotations

import pytest

from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.sensitivity import STEPS, Sensitivity
from satellite.builtin.wake.two_stage import TwoStage
from tests.builtin.wake.feeding import detections, spoken


def test_levels_go_from_the_root_of_the_usual_score_to_its_half() -> None:
    scores = [Sensitivity(level).threshold(0.36) for level in STEPS]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(0.6)
    assert scores[2] == 0.36
    assert scores[4] == pytest.approx(0.18)


@pytest.mark.parametrize("kind", [OpenWakeWord, TwoStage])
async def test_an_engine_uses_another_level_at_once(
    kind: type[OpenWakeWord] | type[TwoStage],
) -> None:
    """This voice has a score below a threshold, and above its half."""
    engine = kind(kind.Options(threshold=0.995))  # type: ignore[arg-type]
    sensitivity = Sensitivity()
    engine.heed(sensitivity.threshold)
    audio = spoken("okay nabu", "en-gb")
    assert await detections(engine, audio) == []
    sensitivity.use("highest")
    assert len(await detections(engine, audio)) == 1
    sensitivity.use("usual")
    assert await detections(engine, audio) == []
    await engine.close()
