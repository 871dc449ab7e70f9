"""`satellite demo`: one whole turn as a user sees it."""

from __future__ import annotations

from pathlib import Path

from satellite.audio.wavfile import read_wav
from tests.cli.program import satellite


def test_the_turn_is_shown_and_answered_in_a_file(tmp_path: Path) -> None:
    done = satellite("demo", "--output", "answer.wav", folder=tmp_path)
    assert (done.code, done.complaints) == (0, [])
    stages = [line.split(" s  ")[1].split("  ")[0] for line in done.output.splitlines()[:-1]]
    assert stages[0] == "wake word"
    assert stages[-1] == "answered"
    assert {"understood", "answer", "first sound", "last sound"} <= set(stages)
    assert "'what time is it' by pocketsphinx" in done.output
    assert done.output.endswith("The answer can be heard in answer.wav.\n")
    form, audio = read_wav(tmp_path / "answer.wav")
    assert form.seconds(audio) > 0.5


def test_a_demonstration_that_is_not_answered_fails(tmp_path: Path) -> None:
    done = satellite("demo", "--wake", "openwakeword:hey_jarvis", folder=tmp_path)
    assert done.code == 1
    assert len(done.complaints) == 1
    assert "was not answered" in done.complaints[0]


def test_a_file_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    done = satellite("demo", "--output", "no/answer.wav", folder=tmp_path)
    assert done.code != 0
    (line,) = done.complaints
    assert "no/answer.wav cannot be written: No such file" in line
    assert "--output" in line
