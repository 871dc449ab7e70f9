"""The score of the wake word while somebody says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.diagnostics.doctor import wake_word
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding
from satellite.diagnostics.doctor.wake_word import Score, judge, keener
from satellite.settings import Settings
from tests.diagnostics.doctor.examined import findings, only
from tests.support.speech import noise, silence, speak, write_wav

WORD = "openwakeword:okay_nabu"


@pytest.fixture(autouse=True)
def shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake_word, "SECONDS", 4.0)


async def scored(tmp_path: Path, sound: bytes, component: str = "auto") -> list[Finding]:
    file = write_wav(tmp_path / "in.wav", sound)
    said: list[str] = []
    settings = Settings(mic=f"wav:{file}?pace=20", wake=component)
    found = await findings(wake_word.wake, ExaminationInput(settings, say=said.append))
    assert said == [] or "okay nabu" in said[0]
    return found


@pytest.mark.parametrize("component", ["auto", "microwakeword:okay_nabu"])
async def test_a_word_that_is_said_well_has_a_high_score(tmp_path: Path, component: str) -> None:
    sound = silence(1.0) + speak("okay nabu", voice="en-us+m3") + silence(2.0)
    (found,) = await scored(tmp_path, sound, component)
    assert found.found.startswith("okay nabu heard with a score of 0.")
    assert found.state in ("ok", "warning")


async def test_what_is_not_the_word_is_told(tmp_path: Path) -> None:
    problem = only("broken", await scored(tmp_path, noise(4.0, level=0.01)))
    assert problem.found == "nothing like okay nabu was heard"


async def test_a_threshold_that_is_not_reached_is_told(tmp_path: Path) -> None:
    sound = silence(1.0) + speak("okay nabu", voice="en-us+m3") + silence(2.0)
    problem = only("broken", await scored(tmp_path, sound, f"{WORD}?threshold=1.0"))
    assert "1 is needed" in problem.found
    assert "threshold=0." in problem.remedy


async def test_a_word_that_there_is_not_is_told(tmp_path: Path) -> None:
    file = write_wav(tmp_path / "in.wav", silence(1.0))
    settings = Settings(mic=f"wav:{file}", wake="openwakeword:no_such_word")
    (found,) = await findings(wake_word.wake, ExaminationInput(settings))
    assert (found.state, "no_such_word" in found.found) == ("broken", True)


def test_what_scores_mean() -> None:
    assert judge(WORD, "okay nabu", Score("okay nabu", 0.9)).state == "ok"
    assert judge(WORD, "okay nabu", Score("okay nabu", 0.6)).state == "warning"
    low = judge(WORD, "okay nabu", Score("okay nabu", 0.3))
    assert (low.state, "'openwakeword:okay_nabu?threshold=0.21'" in low.remedy) == ("broken", True)
    assert judge("tcp://10.0.0.5:10400", "x", Score("x", 0.3)).state == "ok"


def test_strangers_engines_are_left_as_they_are() -> None:
    assert keener("tcp://10.0.0.5:10400") == "tcp://10.0.0.5:10400"
    assert keener("strange:word") == "strange:word"
    assert keener(f"{WORD}?trigger_level=4") == (
        f"{WORD}?trigger_level=1&threshold=0.02&refractory=0"
    )
