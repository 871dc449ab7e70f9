"""The program runs without the parts of Python that POSIX alone has."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import pytest

from satellite.requirements import own_version
from tests.cli.program import environment

COMMANDS = {
    "version": ("--version",),
    "plugins": ("plugins",),
    "config": ("config",),
    "ask": ("ask", "--llm", "intents", "--no-zeroconf", "what time is it"),
    "say": ("say", "--tts", "espeak", "--speaker", "wav:said.wav", "--no-zeroconf", "good morning"),
    "doctor": ("doctor", "python", "configuration", "storage"),
}


def run(folder: Path, *arguments: str) -> str:
    """Run the program, once as it is and once without POSIX; return the second output."""
    outputs = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.without_posix", folder / "libraries", *arguments],
            cwd=folder,
            env=environment(HOME=str(folder), PYTHONPATH=str(Path(__file__).parents[3])),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        outputs.append((done.returncode, done.stdout + done.stderr))
    assert outputs[0][0] == outputs[1][0], outputs[1][1]
    return outputs[1][1]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_works(name: str, tmp_path: Path) -> None:
    output = run(tmp_path, *COMMANDS[name])
    if name == "version":
        assert output.startswith(own_version())
    elif name == "plugins":
        assert "mic  portaudio" in output
        assert "ALSA exists on Linux only, and this is Windows" in output
    elif name == "ask":
        assert "It is" in output
    elif name == "say":
        with wave.open(str(tmp_path / "said.wav")) as sound:
            assert sound.getnframes() > 0.3 * sound.getframerate()


@pytest.mark.timeout(300)
def test_every_module_can_be_imported(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    files = [file for room in ("satellite", "servers") for file in (root / room).rglob("*.py")]
    lines = run(tmp_path, "--import-everything").splitlines()
    assert len(lines) == len(files)
    assert not [line for line in lines if ":" in line]
