"""Mistakes of users: one line with a remedy, the right exit code, no traceback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from satellite.__main__ import call
from tests.cli.program import environment, satellite


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--mik", "x"], "No such option"),
        (["plugns"], "No such command 'plugns'"),
        (["say", "--log-level", "loud"], "'loud' is not one of"),
        (["--json"], "--json is for commands that print a table"),
        (["--json", "ask", "x"], "ask prints no table for --json"),
        (["--host", "::1"], "--host is for --server alone"),
        (["--server", "--mic", "auto"], "--mic is not for --server"),
        (["--server", "asr", "plugins"], "--server and plugins exclude each other"),
        (["say", " "], "the text is empty"),
        (["transcribe"], "Missing argument 'WAV'"),
    ],
)
def test_a_wrong_call_is_answered_with_the_help_to_read(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(arguments) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("satellite: ")
    assert line in complaint
    assert complaint.endswith("--help)\n")
    assert complaint.count("\n") == 1


def test_an_unknown_flag() -> None:
    done = satellite("--mick", "x")
    assert done.code == 2
    assert "--mic" in done.complaints[0].partition("--mick")[2]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--mic", "wave:x.wav"], "flag --mic: mic plugin wave is unknown (did you mean wav?)"),
        (["--set", "mike=x"], "flag --set: mike is unknown (did you mean mic?)"),
        (["--config", "none.toml"], "file none.toml: there is no such file"),
        (["--config", "."], "file .: cannot be read: Is a directory"),
        (
            ["--server", "asx"],
            "flag --server: server.roles: asx is unknown (did you mean asr?)",
        ),
        (
            ["--tts", "espeak:en?rat=3", "say", "x"],
            "flag --tts: tts espeak: rat is unknown (did you mean rate?)",
        ),
        (
            ["ask", "x", "--events", "none/log", "--llm", "intents"],
            "cannot write events to none/log: No such file or directory",
        ),
    ],
)
def test_a_wrong_configuration_is_reported_with_its_origin(
    arguments: list[str], line: str, tmp_path: Path
) -> None:
    done = satellite(*arguments, folder=tmp_path)
    assert (done.code, done.complaints) == (2, [line])


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("[listen]\nsilense = 1\n")
    done = satellite(
        *("--config", "my.toml", "--wake", "x"),
        folder=tmp_path,
        variables={"SATELLITE_VOLUME": "11", "SATELLITE_SERVER_URL": "stdio://"},
    )
    assert done.code == 2
    assert done.complaints == [
        "file my.toml: listen.silense is unknown (did you mean listen.silence?)",
        "environment: SATELLITE_SERVER_URL is unknown (did you mean SATELLITE_SERVER_URI?)",
        'environment SATELLITE_VOLUME: volume = "11": expected a number <= 1.0',
        "flag --wake: wake plugin x is unknown (known: microwakeword, openwakeword, "
        "openwakeword-onnx, sherpa-onnx, two-stage)",
    ]


def test_a_file_that_is_no_wav(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("I am no WAV file")
    asked = satellite("transcribe", "text.wav", folder=tmp_path)
    assert (asked.code, asked.complaints) == (1, ["text.wav is not a WAV file"])
    heard = satellite("--mic", "wav:text.wav", "--speaker", "wav:out.wav", folder=tmp_path)
    assert (heard.code, heard.complaints) == (1, ["text.wav is not a WAV file"])


@pytest.mark.parametrize("role", ["mic", "speaker"])
@pytest.mark.parametrize("device", ["alsa:nosuchcard", "portaudio:no such device"])
def test_no_such_microphone_or_speaker(role: str, device: str, tmp_path: Path) -> None:
    other = {"mic": "--speaker", "speaker": "--mic"}[role]
    (tmp_path / "silence.wav").write_bytes(_SILENCE)
    done = satellite(f"--{role}", device, other, "wav:silence.wav", folder=tmp_path)
    assert done.code == 1
    assert len(done.complaints) == 1
    assert device.partition(":")[2] in done.complaints[0] or "install" in done.complaints[0]
    assert "satellite devices" in done.errors or "install" in done.complaints[0]


def test_a_missing_model(tmp_path: Path) -> None:
    (tmp_path / "silence.wav").write_bytes(_SILENCE)
    done = satellite(
        *("--wake", "openwakeword:no_such_word", "--mic", "wav:silence.wav"),
        *("--speaker", "wav:out.wav", "--no-zeroconf"),
        folder=tmp_path,
    )
    assert done.code == 1
    assert len(done.complaints) == 1
    assert "no_such_word" in done.complaints[0]


def test_a_port_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = satellite(
            "--server", "llm", "--host", "127.0.0.1", "--llm-port", port, "--no-zeroconf"
        )
    assert done.code == 1
    assert len(done.complaints) == 1
    assert port in done.complaints[0]


def test_a_reader_that_goes_away_is_no_bug() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        command = [sys.executable, "-m", "satellite", "config"]
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, env=environment())
    assert (done.returncode, done.stderr) == (1, b"")


_SILENCE = (
    b"RIFF"
    + (36 + 3200).to_bytes(4, "little")
    + (
        b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data"
        + (3200).to_bytes(4, "little")
        + bytes(3200)
    )
)
"""A WAV file of a tenth of a second of silence."""
