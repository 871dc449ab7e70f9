"""`satellite voices` as users run it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import Done, satellite
from tests.support.speech import tone, write_wav

Call = Callable[..., Done]


@pytest.fixture
def call(tmp_path: Path) -> Call:
    variables = {"XDG_DATA_HOME": str(tmp_path / "data")}
    return lambda *arguments: satellite("voices", *arguments, variables=variables)


@pytest.fixture
def clip(tmp_path: Path) -> str:
    return str(write_wav(tmp_path / "clip.wav", tone(4.0)))


def test_voices_are_added_listed_and_removed(call: Call, clip: str, tmp_path: Path) -> None:
    assert call().output.startswith("no cloned voices; satellite voices add NAME")
    added = call("add", "anna", clip, "--text", "  what it\nsays ", "--language", "en")
    stored = tmp_path / "data/satellite/voices/anna.wav"
    assert added.code == 0
    assert stored.is_file()
    assert added.output.splitlines() == [
        f"anna speaks like {clip} (4.0 s at 16000 Hz)",
        f"GPT-SoVITS reads {stored}: it has to run on this machine as a user who may; otherwise "
        "use --remote-path",
        "Try it: satellite say --tts gpt-sovits?voice=anna TEXT",
    ]
    listed = call("list").output.splitlines()
    assert listed[0].split() == ["VOICE", "LANGUAGE", "FROM", "CLIP", "TEXT"]
    assert listed[1].split() == ["anna", "en", "added", str(stored), "what", "it", "says"]
    assert call("remove", "anna").output == "anna is removed\n"
    assert not stored.exists()
    assert call("remove", "anna").code == 2


def test_the_clip_may_be_on_another_machine(call: Call, clip: str) -> None:
    added = call("add", "anna", clip, "--text", "你好", "--remote-path", "D:\\clips\\anna.wav")
    assert "copy " in added.output
    (row,) = json.loads(call("list", "--json").output)
    assert (row["clip"], row["text"]) == ("D:\\clips\\anna.wav", "你好")


def test_voices_of_the_configuration_go_before(call: Call, clip: str, tmp_path: Path) -> None:
    call("add", "anna", clip, "--text", "hello")
    file = tmp_path / "satellite.toml"
    file.write_text('[voices.anna]\nref_audio_path = "/own.wav"\n')
    (row,) = json.loads(call("--json", "--config", str(file)).output)
    assert (row["clip"], row["origin"]) == ("/own.wav", "configuration")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("Anna", "CLIP", "--text", "hello"), '"Anna" is no name of a voice'),
        (("../a", "CLIP", "--text", "hello"), "is no name of a voice"),
        (("a" * 65, "CLIP", "--text", "hello"), "is no name of a voice"),
        (("anna", "CLIP", "--text", "..."), "--text is what the clip says"),
        (("anna", "CLIP", "--text", "x" * 501), "at most 500 characters"),
        (("anna", "CLIP"), "--text"),
        (("anna", "CLIP", "--text", "hello", "--language", "xx"), "--language"),
        (("anna", "/nowhere.wav", "--text", "hello"), "cannot read the WAV file /nowhere.wav"),
    ],
)
def test_mistakes_are_reported(
    call: Call, clip: str, arguments: tuple[str, ...], says: str
) -> None:
    done = call("add", *(clip if part == "CLIP" else part for part in arguments))
    assert done.code in (1, 2)
    assert says in done.errors
    assert "Traceback" not in done.errors
