"""SIGHUP: settings are read again, unless it says that the terminal was closed."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support import microphone
from tests.support.program import Program, satellite

ARGUMENTS = (
    *("--no-zeroconf", "--asr", "pocketsphinx", "--llm", "intents", "--tts", "espeak"),
    *("--speaker", "command:cat", "--set", "homeassistant.listen=", "--set", "http.port=0"),
)


def _mic(folder: Path) -> tuple[str, str]:
    return "--mic", f"command:{sys.executable} {microphone.__file__} {folder}"


def _told(program: Program, text: str) -> bool:
    return text in program.errors()


def test_a_service_reads_its_settings_again(tmp_path: Path) -> None:
    with satellite(tmp_path, *ARGUMENTS, *_mic(tmp_path)) as program:
        program.wait_for("ready", timeout=60)
        program.process.send_signal(signal.SIGHUP)
        program.wait_until(lambda: _told(program, "were read again"), "settings", 20)
        assert program.process.poll() is None


def test_who_closes_the_terminal_ends_the_satellite(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    log = tmp_path / "events"
    command = [sys.executable, "-m", "satellite", *ARGUMENTS, *_mic(tmp_path), "--events", str(log)]
    # a session of its own, of which the terminal becomes the controlling one
    begin = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    begin += "os.execv(sys.argv[1], sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", begin, *command],
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        deadline = time.monotonic() + 60
        while not (log.exists() and '"ready"' in log.read_text()):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.close(ours)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
