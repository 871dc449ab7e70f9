"""`satellite recordings`, after a satellite that has recorded a turn and a near miss."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from satellite.audio.wavfile import read_wav
from tests.support import requests
from tests.support.program import satellite

pytestmark = pytest.mark.timeout(180)


def recordings(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    where = ("--set", f"recordings.folder={folder / 'kept'}")
    command = [sys.executable, "-m", "satellite", "recordings", *arguments, *where]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ}, timeout=60)


def record(folder: Path, mic: Path, wished: str, *arguments: str) -> None:
    chosen = ("--set", f"recordings.{wished}=true")
    where = ("--set", f"recordings.folder={folder / 'kept'}")
    devices = ("--mic", f"wav:{mic}", "--speaker", f"wav:{folder / 'out.wav'}")
    rest = ("--no-zeroconf", "--listen", "", "--set", "http.port=0")
    with satellite(folder, *devices, *rest, *chosen, *where, *arguments, name=wished) as program:
        assert program.finish() == 0, program.report()


def test_a_turn_and_a_near_miss_are_listed_played_and_deleted(tmp_path: Path) -> None:
    mic = requests.spoken_request(tmp_path / "in.wav", "what time is it", gap=2)
    record(tmp_path, mic, "turns")
    record(tmp_path, mic, "near_misses", "--wake", "openwakeword:okay_nabu?trigger_level=99")
    listed = json.loads(recordings(tmp_path, "list", "--json").stdout)
    assert [one["kind"] for one in listed] == ["near_miss", "turn"]
    miss, turn = listed
    assert (turn["transcript"], turn["outcome"]) == ("what time is it", "answered")
    assert miss["word"] == "okay_nabu"
    assert miss["score"] > 0.5
    loud = max(abs(int(sample)) for sample in _samples(Path(turn["file"])))
    assert loud > 3000

    table = recordings(tmp_path).stdout
    assert "answered: what time is it" in table
    assert "2 recordings" in table

    out = tmp_path / "played.wav"
    played = recordings(tmp_path, "play", "last", "--speaker", f"wav:{out}?rate=16000")
    assert played.returncode == 0, played.stderr
    assert read_wav(out) == read_wav(miss["file"])

    assert "there is no recording ../x" in recordings(tmp_path, "play", "../x").stderr
    assert recordings(tmp_path, "delete").returncode == 2
    assert recordings(tmp_path, "delete", turn["id"]).stdout == f"{turn['id']} is deleted\n"
    assert recordings(tmp_path, "delete", "--all").returncode == 0
    assert list((tmp_path / "kept").iterdir()) == []
    assert "no recordings in" in recordings(tmp_path).stdout


def _samples(file: Path) -> memoryview:
    _, audio = read_wav(file)
    return memoryview(audio).cast("h")
