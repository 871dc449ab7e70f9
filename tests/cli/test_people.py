"""`satellite people` as users run it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import Done, satellite
from tests.support.people import espeak, silence, write_wav
from tests.support.speaker_network import write_network

Call = Callable[..., Done]

pytest.importorskip("sherpa_onnx")
pytest.importorskip("onnx")


@pytest.fixture
def call(tmp_path: Path) -> Call:
    variables = {"XDG_STATE_HOME": str(tmp_path / "state"), "SATELLITE_NAME": "kitchen"}
    return lambda *arguments: satellite("people", *arguments, variables=variables)


@pytest.fixture
def wavs(tmp_path: Path) -> list[str]:
    """`--wav FILE` for three sentences of one voice."""
    found = []
    for number, audio in enumerate(espeak("en-us+f3")[:3]):
        found += ["--wav", str(write_wav(tmp_path / f"{number}.wav", audio))]
    return found


def test_people_are_added_listed_and_removed(call: Call, wavs: list[str], tmp_path: Path) -> None:
    assert call().output.startswith("no one is enrolled; satellite people add NAME")
    model = str(write_network(tmp_path / "speaker.onnx"))
    added = call("add", "Anna  Lee", *wavs, "--model", model)
    assert added.code == 0, added.errors
    assert "Anna Lee is enrolled by 3 recordings" in added.output
    assert "people.enabled" in added.output
    assert json.loads(call("list", "--json").output) == [
        {"name": "Anna Lee", "recordings": 3, "model": model}
    ]
    again = call("add", "Anna Lee", *wavs)  # by the network of the people so far
    assert again.code == 0, again.errors
    alike = call("add", "Eva", *wavs)
    assert "Eva and Anna Lee sound alike" in alike.output
    assert call("remove", "Anna Lee", "Eva").code == 0
    unknown = call("remove", "Anna Lee")
    assert unknown.code == 2
    assert "Anna Lee is unknown" in unknown.errors


def test_recordings_that_cannot_be_used_are_refused(
    call: Call, wavs: list[str], tmp_path: Path
) -> None:
    model = ["--model", str(write_network(tmp_path / "speaker.onnx"))]
    quiet = str(write_wav(tmp_path / "quiet.wav", silence(3.0)[:1000]))
    (tmp_path / "text.wav").write_text("no sound")
    for files, reason in (
        (["--wav", quiet], "less than 1 s of voice"),
        (["--wav", str(tmp_path / "text.wav")], "is not a WAV file"),
        (["--wav", str(tmp_path / "none.wav")], "none.wav"),
        (wavs[:2], "name 3 recordings"),
    ):
        refused = call("add", "Anna", *files, *model)
        assert refused.code != 0
        assert reason in refused.errors
    named = call("add", "[Anna]", *wavs, *model)
    assert "1 to 40 characters" in named.errors
    without = call("add", "Anna", *wavs)
    assert "satellite models pull sherpa:speaker-en" in without.errors
    assert call().output.startswith("no one is enrolled")


def test_without_a_terminal_the_microphone_is_not_opened(call: Call, tmp_path: Path) -> None:
    refused = call("add", "Anna", "--model", str(write_network(tmp_path / "speaker.onnx")))
    assert refused.code == 2
    assert "no terminal" in refused.errors
