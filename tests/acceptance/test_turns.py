"""Complete turns: from a WAV file at the microphone to a spoken answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import requests
from tests.support.program import Program, satellite

pytestmark = pytest.mark.timeout(300)


def arguments(folder: Path, request: Path) -> tuple[str, ...]:
    return ("--mic", f"wav:{request}", "--speaker", f"wav:{folder / 'out.wav'}", "--no-zeroconf")


def check_turn(program: Program, text: str) -> None:
    """Check that the log has all events of one turn, in order, with one id."""
    kinds = [event["event"] for event in program.events()]
    for kind in ("ready", "wake", "transcript", "reply", "turn_end"):
        assert kind in kinds, program.report()
    (wake,) = program.events("wake")
    assert wake["word"] == "okay_nabu"
    transcript = program.events("transcript")[-1]
    assert (transcript["text"], transcript["final"]) == (text, True)
    (ended,) = program.events("turn_end")
    assert ended["outcome"] == "answered"
    assert {event["turn"] for event in program.events() if "turn" in event} == {wake["turn"]}


def test_a_recorded_request_is_understood_and_answered(tmp_path: Path) -> None:
    request = requests.recorded_request(tmp_path / "in.wav")
    with satellite(tmp_path, *arguments(tmp_path, request)) as program:
        assert program.finish() == 0, program.report()
        check_turn(program, requests.LAMP)
    assert requests.sound_in(tmp_path / "out.wav") > 1.0


def test_a_request_spoken_without_a_pause_is_answered(tmp_path: Path) -> None:
    request = requests.recorded_request(tmp_path / "in.wav", pause=0.0)
    with satellite(tmp_path, *arguments(tmp_path, request)) as program:
        assert program.finish() == 0, program.report()
        check_turn(program, requests.LAMP)


@pytest.mark.parametrize("text", ["what time is it", "what day is it", "cancel all timers"])
def test_a_synthetic_request_is_understood_and_answered(tmp_path: Path, text: str) -> None:
    request = requests.spoken_request(tmp_path / "in.wav", text)
    with satellite(tmp_path, *arguments(tmp_path, request)) as program:
        assert program.finish() == 0, program.report()
        check_turn(program, text)
    assert requests.sound_in(tmp_path / "out.wav") > 0.5


def test_the_wake_word_alone_is_no_request(tmp_path: Path) -> None:
    request = requests.spoken_request(tmp_path / "in.wav", "", gap=8.0)
    with satellite(tmp_path, *arguments(tmp_path, request)) as program:
        assert program.finish() == 0, program.report()
        (ended,) = program.events("turn_end")
        assert ended["outcome"] == "nothing_heard", program.report()


def test_field_1_ten_turns_one_after_another_are_ten_answers(tmp_path: Path) -> None:
    request = requests.spoken_request(tmp_path / "in.wav", "what time is it", times=10)
    with satellite(tmp_path, *arguments(tmp_path, request)) as program:
        assert program.finish(timeout=180) == 0, program.report()
        assert len(program.events("wake")) == 10, program.report()
        outcomes = [event["outcome"] for event in program.events("turn_end")]
        assert outcomes == ["answered"] * 10, program.report()
        finals = [event["text"] for event in program.events("transcript") if event["final"]]
        assert finals == ["what time is it"] * 10, program.report()
