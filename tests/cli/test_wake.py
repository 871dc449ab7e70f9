"""`satellite wake` as users run it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import Done, satellite
from tests.support.speech import speak, write_wav

Call = Callable[..., Done]


@pytest.fixture
def call(tmp_path: Path) -> Call:
    variables = {"XDG_STATE_HOME": str(tmp_path / "state"), "SATELLITE_NAME": "kitchen"}
    return lambda *arguments: satellite("wake", *arguments, variables=variables)


@pytest.fixture
def wavs(tmp_path: Path) -> list[str]:
    """`--wav FILE` for the word at three paces."""
    found = []
    for pace in (140, 155, 170):
        file = write_wav(tmp_path / f"{pace}.wav", speak("okay nabu", "en-us+m2", pace))
        found += ["--wav", str(file)]
    return found


def test_a_voice_is_learned_listed_and_forgotten(call: Call, wavs: list[str]) -> None:
    assert call().output.startswith("no voice was learned; satellite wake learn NAME")
    learned = call("learn", "Anna  Lee", *wavs)
    assert learned.code == 0, learned.errors
    assert "Anna Lee is learned from 3 recordings (0." in learned.output
    assert "after its next start" in learned.output
    assert json.loads(call("list", "--json").output) == [
        {"name": "Anna Lee", "word": "okay_nabu", "recordings": 3}
    ]
    assert call("forget", "Anna Lee").code == 0
    assert "Anna Lee is unknown" in call("forget", "Anna Lee").errors
    assert call().output.startswith("no voice was learned")


def test_recordings_and_engines_that_cannot_be_used_are_refused(
    call: Call, wavs: list[str], tmp_path: Path
) -> None:
    other = str(write_wav(tmp_path / "other.wav", speak("good morning")))
    for arguments, reason in (
        (wavs[:4], "3 to 10 recordings"),
        ([*wavs, "--wav", other], "other.wav: okay_nabu is not heard in it"),
        ([*wavs, "--word", "hey_bob"], "hey_bob"),
        ([*wavs, "--wake", "microwakeword"], "set wake to two-stage or openwakeword"),
        (["--wav", str(tmp_path / "none.wav")], "none.wav"),
        ([], "no terminal"),
    ):
        refused = call("learn", "Anna", *arguments)
        assert refused.code != 0
        assert reason in refused.errors, refused.errors
    assert call().output.startswith("no voice was learned")


def test_a_word_is_tried_on_recordings(call: Call, wavs: list[str], tmp_path: Path) -> None:
    other = str(write_wav(tmp_path / "other.wav", speak("good morning to all of you")))
    tried = call("test", *wavs, "--wav", other, "--other", other)
    assert tried.code == 0, tried.errors
    assert "140.wav: heard (0." in tried.output
    assert "other.wav: not heard" in tried.output
    assert "heard 3 of 4" in tried.output
    assert "other.wav: 0 false wakes, 0.0 an hour" in tried.output
    no_word = call("test", *wavs, "--wake", "microwakeword:hey_jarvis")
    assert "heard 0 of 3" in no_word.output


def test_the_engine_of_the_settings_is_used(call: Call, wavs: list[str]) -> None:
    learned = call("learn", "Anna", *wavs, "--wake", "two-stage:okay_nabu")
    assert learned.code == 0, learned.errors
