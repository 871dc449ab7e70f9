"""A stop takes less than two seconds at any moment and leaves nothing behind."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest

from tests.support import requests
from tests.support.endless_loading import LOADING
from tests.support.program import Program, satellite

pytestmark = pytest.mark.timeout(120)

LIMIT = 2.0
LOADING_LIMIT = 4.0
"""Seconds of a stop while a model loads: a thread that loads cannot be interrupted, and is left
after the seconds in which engines may close and threads may end."""
SIGNALS = [signal.SIGINT, signal.SIGTERM]


def stop(program: Program, number: int, limit: float = LIMIT) -> None:
    """Stop a program; check that it and all of its child processes ended in time and well."""
    children = psutil.Process(program.process.pid).children(recursive=True)
    took = program.stop(number)
    assert program.process.returncode == 0, program.report()
    assert took < limit, f"{took:.2f} s: {program.report()}"
    assert "Traceback" not in program.errors(), program.report()
    assert [child for child in children if child.is_running()] == []


@pytest.mark.parametrize("number", SIGNALS)
def test_the_listening_satellite_stops(tmp_path: Path, number: int) -> None:
    mic = "command:cat /dev/zero"
    with satellite(
        tmp_path, "--mic", mic, "--speaker", f"wav:{tmp_path / 'out.wav'}", "--no-zeroconf"
    ) as program:
        program.wait_for("ready")
        stop(program, number)


@pytest.mark.parametrize("moment", ["wake", "speech_start", "transcript", "audio_start"])
def test_a_satellite_in_the_middle_of_a_turn_stops(tmp_path: Path, moment: str) -> None:
    request = requests.spoken_request(tmp_path / "in.wav", "what can you do")
    # a speaker that consumes sound as slowly as a sound card
    speaker = f"wav:{tmp_path / 'out.wav'}?pace=1"
    with satellite(
        tmp_path, "--mic", f"wav:{request}", "--speaker", speaker, "--no-zeroconf"
    ) as program:
        program.wait_for(moment)
        stop(program, signal.SIGTERM)
        (ended,) = program.events("turn_end")
        assert ended["outcome"] in ("cancelled", "answered"), program.report()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_stopping_server_removes_its_socket(tmp_path: Path, number: int) -> None:
    path = tmp_path / "tts.sock"
    with satellite(
        tmp_path, "--server", "tts", "--uri", f"unix://{path}", "--no-zeroconf"
    ) as server:
        server.wait_until(path.exists, "socket")
        stop(server, number)
    assert not path.exists()


def test_a_server_with_every_role_stops(tmp_path: Path) -> None:
    ports = ["--asr-port", "0", "--tts-port", "0", "--llm-port", "0", "--wake-port", "0"]
    with satellite(
        tmp_path, "--server", "asr,llm,tts,wake", "--host", "127.0.0.1", *ports
    ) as server:
        server.wait_for("ready")
        stop(server, signal.SIGTERM)


@pytest.mark.parametrize("how", ["worker", "to_thread"])
@pytest.mark.parametrize("serving", [True, False], ids=["server", "satellite"])
def test_a_model_that_is_being_loaded_does_not_delay_a_stop(
    tmp_path: Path, how: str, serving: bool
) -> None:
    as_server = ["--server", "asr,tts", "--host", "127.0.0.1", "--asr-port", "0", "--tts-port", "0"]
    as_satellite = ["--mic", "command:cat /dev/zero", "--speaker", f"wav:{tmp_path / 'out.wav'}"]
    flags = as_server if serving else as_satellite
    with satellite(
        tmp_path,
        *flags,
        *("--asr", "pocketsphinx", "--tts", "espeak", "--no-zeroconf"),
        module="tests.support.endless_loading",
        environment={"HOW": how},
    ) as program:
        program.wait_until(lambda: LOADING in program.errors(), LOADING)
        stop(program, signal.SIGTERM, LOADING_LIMIT)
