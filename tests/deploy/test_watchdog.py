"""A satellite and a server under a service manager: ready, alive while they work, started again.

`python -m tests.soak.install_root` does the same with the units under a real systemd.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.support.supervisor import Supervisor

pytestmark = pytest.mark.timeout(120)

WATCHDOG = 4.0
"""Seconds without a sign of life; the units have 30 and 60."""
LISTENING = WATCHDOG + 30.0
"""Seconds from a fault to a service that is ready again, of which the start takes most."""

MICROPHONE = """
import os, sys, time
began, given = time.monotonic(), 0
while True:
    while os.path.exists(sys.argv[1]): time.sleep(0.05)
    sys.stdout.buffer.write(bytes(1024)); sys.stdout.buffer.flush()
    given += 512
    time.sleep(max(0, min(1, began + given / 16000 - time.monotonic())))
"""


def satellite(folder: Path) -> list[str]:
    """The command line of a satellite whose microphone gives nothing while `blocked` is there."""
    program = folder / "microphone.py"
    program.write_text(MICROPHONE)
    mic = f"command:{sys.executable} {program} {folder / 'blocked'}"
    command = [sys.executable, "-m", "satellite", "--mic", mic, "--no-zeroconf"]
    command += ["--speaker", f"wav:{folder / 'out.wav'}"]
    return [*command, "--set", "homeassistant.listen="]


def reader(service: Supervisor) -> psutil.Process:
    """The process that reads the microphone."""
    assert service.process is not None
    (only,) = psutil.Process(service.process.pid).children()
    return only


def test_it_is_ready_alive_and_stops(tmp_path: Path) -> None:
    with Supervisor(satellite(tmp_path), WATCHDOG, tmp_path) as service:
        service.wait_for("READY=1")
        service.wait_for("WATCHDOG=1", count=3, limit=10)
        assert any(said.startswith("STATUS=listening; wake: ") for said in service.messages)
        assert service.stop() == 0
        service.wait_for("STOPPING=1", limit=5)
        assert service.messages.count("STOPPING=1") == 1


def test_a_reader_that_is_stopped_is_replaced_without_a_restart(tmp_path: Path) -> None:
    with Supervisor(satellite(tmp_path), 3 * WATCHDOG, tmp_path) as service:
        service.wait_for("WATCHDOG=1")
        stopped = reader(service)
        stopped.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + 3 * WATCHDOG
        while stopped.is_running():
            assert time.monotonic() < deadline, service.messages
            time.sleep(0.05)
        service.wait_for("WATCHDOG=1", count=service.messages.count("WATCHDOG=1") + 2, limit=15)
        assert service.killed == 0
        assert service.messages.count("started") == 1


def test_a_loop_that_is_stopped_is_started_again_and_listens(tmp_path: Path) -> None:
    with Supervisor(satellite(tmp_path), WATCHDOG, tmp_path) as service:
        service.wait_for("WATCHDOG=1")
        assert service.process is not None
        os.kill(service.process.pid, signal.SIGSTOP)
        assert service.wait_for("READY=1", count=2, limit=LISTENING) < LISTENING
        service.wait_for("WATCHDOG=1", count=service.messages.count("WATCHDOG=1") + 1)
        assert service.killed == 1


def test_a_device_that_blocks_ends_it_although_its_event_loop_runs(tmp_path: Path) -> None:
    """No sign of life comes from a timer: none comes while no sound does."""
    with Supervisor(satellite(tmp_path), WATCHDOG, tmp_path) as service:
        service.wait_for("WATCHDOG=1")
        (tmp_path / "blocked").touch()
        service.wait_for("started", count=2, limit=2 * WATCHDOG + 5)
        assert service.killed == 1
        (tmp_path / "blocked").unlink()
        service.wait_for("READY=1", count=2, limit=LISTENING)


def test_a_server_is_watched_too(tmp_path: Path) -> None:
    uri = f"unix://{tmp_path / 'tts.sock'}"
    command = [sys.executable, "-m", "satellite", "--server", "tts", "--tts", "espeak"]
    with Supervisor([*command, "--uri", uri, "--no-zeroconf"], WATCHDOG, tmp_path) as service:
        service.wait_for("READY=1")
        service.wait_for("WATCHDOG=1", count=3, limit=10)
        assert service.process is not None
        os.kill(service.process.pid, signal.SIGSTOP)
        service.wait_for("READY=1", count=2, limit=LISTENING)
        assert service.killed == 1
        assert service.stop() == 0
        service.wait_for("STOPPING=1", limit=5)
