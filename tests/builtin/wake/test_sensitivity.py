"""People make the wake engine more or less sensitive while it runs."""

from __future__ import annotations

import pytest

from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.sensitivity import STEPS, Sensitivity, levels_of, with_level
from satellite.builtin.wake.two_stage import TwoStage
from tests.builtin.wake.feeding import detections, spoken


def test_levels_go_from_the_root_of_the_usual_score_to_its_half() -> None:
    scores = [Sensitivity(level).threshold("okay_nabu", 0.36) for level in STEPS]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(0.6)
    assert scores[2] == 0.36
    assert scores[4] == pytest.approx(0.18)


def test_a_word_has_a_level_of_its_own() -> None:
    sensitivity = Sensitivity("low", ["hey_jarvis=highest", "Okay Nabu = usual"])
    assert sensitivity.threshold("alexa", 0.36) == Sensitivity("low").threshold("alexa", 0.36)
    assert sensitivity.threshold("hey jarvis", 0.36) == pytest.approx(0.18)
    assert sensitivity.threshold("okay_nabu", 0.36) == 0.36
    sensitivity.use("usual")
    assert sensitivity.threshold("hey_jarvis", 0.36) == 0.36


@pytest.mark.parametrize("text", ["hey_jarvis", "=high", "hey_jarvis=loud", "hey_jarvis=", ""])
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not WORD=LEVEL; levels are lowest, low, usual"):
        levels_of(["alexa=low", text])


def test_a_level_is_changed_among_others() -> None:
    texts = with_level(("alexa=low", "hey jarvis=high"), "hey_jarvis", "lowest")
    assert texts == ("alexa=low", "hey_jarvis=lowest")
    assert with_level(texts, "alexa", None) == ("hey_jarvis=lowest",)


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
    sensitivity.use("usual", ["okay_nabu=highest"])
    assert len(await detections(engine, audio)) == 1
    sensitivity.use("highest", ["okay_nabu=usual"])
    assert await detections(engine, audio) == []
    await engine.close()
