"""A stop word, spoken to the whole program, works without the wake word."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.microphone import say
from tests.support.program import satellite
from tests.support.speech import silence, speak

LONG = "One two three four five six seven eight nine ten. " * 12


@pytest.mark.timeout(180)
def test_an_announcement_is_ended_by_a_word_without_the_wake_word(tmp_path: Path) -> None:
    mic = f"command:{sys.executable} -m tests.support.microphone {tmp_path}"
    speaker = f"wav:{tmp_path / 'out.wav'}?pace=1"
    engines = ("--wake", "microwakeword:okay_nabu", "--asr", "pocketsphinx", "--tts", "espeak")
    address = ("--no-zeroconf", "--listen", "tcp://127.0.0.1:0")
    with satellite(tmp_path, "--mic", mic, "--speaker", speaker, *engines, *address) as running:
        running.wait_for("ready")
        found = re.search(r"reach this satellite at (tcp://\S+)", running.errors())
        assert found, running.errors()
        command = [sys.executable, "-m", "satellite", "say", "--to", found[1], LONG]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as saying:
            running.wait_for("announce")
            for _ in range(3):  # as people repeat a word that is not recognized at once
                say(tmp_path, silence(0.8) + speak("stop", "en-us+m3") + silence(1.0))
                try:
                    saying.wait(15.0)
                    break
                except subprocess.TimeoutExpired:
                    continue
            assert saying.poll() is not None, running.report()
        assert "stop word: stop" in running.errors()
        assert not running.events("wake")
