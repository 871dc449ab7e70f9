"""A minimal service manager that acts like systemd for a unit of Type=notify.

    with Supervisor(["satellite", ...], watchdog=2.0, folder=tmp_path) as service:
        service.wait_for("READY=1")

Starts the program with a socket for sd_notify. Once the program is ready, kills and restarts it if
no keep-alive message arrives within the watchdog's time; restarts it if it ends by itself.
"""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

STOP = 10.0
"""Seconds allowed for the program to stop by itself."""
RESTART = 0.2
"""Seconds before an ended program is restarted."""


class Supervisor:
    """Keeps a program running; `messages` are its notifications, and `started` at each start."""

    def __init__(self, command: Sequence[str], watchdog: float, folder: Path) -> None:
        self._command = command
        self._watchdog = watchdog
        self._errors = folder / "service.err"
        self._path = folder / "notify"
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor")
        self.messages: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None
        self.killed = 0
        """Number of times the watchdog has ended the program."""

    def __enter__(self) -> Supervisor:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))
        self._socket.settimeout(0.05)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ending.set()
        self._thread.join(2 * STOP)
        self._socket.close()

    def wait_for(self, message: str, count: int = 1, limit: float = 60.0) -> float:
        """Wait for a number of equal messages; return the seconds that it took."""
        began = time.monotonic()
        while self.messages.count(message) < count:
            errors = self._errors.read_text() if self._errors.exists() else ""
            assert time.monotonic() - began < limit, f"no {message}: {self.messages}\n{errors}"
            time.sleep(0.02)
        return time.monotonic() - began

    def stop(self) -> int:
        """Stop the program as systemd does; return its exit code."""
        self._ending.set()
        self._thread.join(2 * STOP)
        assert self.process is not None
        assert self.process.returncode is not None, "it does not stop"
        return self.process.returncode

    def _run(self) -> None:
        while not self._ending.is_set():
            self._start()
            ready: float | None = None
            while self.process is not None and self.process.poll() is None:
                try:
                    said = self._socket.recv(4096).decode()
                except TimeoutError:
                    said = ""
                if said:
                    self.messages.append(said)
                if said in ("READY=1", "WATCHDOG=1"):
                    ready = time.monotonic()
                silent = ready is not None and time.monotonic() - ready > self._watchdog
                if self._ending.is_set():
                    self._end()
                elif silent:
                    self.killed += 1
                    self.process.kill()  # systemd asks with SIGABRT first, then does this
                    self.process.wait()
            time.sleep(RESTART)
            self._drain()

    def _end(self) -> None:
        """Give the program time to stop by itself."""
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _drain(self) -> None:
        try:
            while True:
                self.messages.append(self._socket.recv(4096).decode())
        except TimeoutError:
            return

    def _start(self) -> None:
        self.messages.append("started")
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("SATELLITE_")},
            "NOTIFY_SOCKET": str(self._path),
            "WATCHDOG_USEC": str(int(self._watchdog * 1e6)),
            "XDG_CONFIG_HOME": str(self._path.parent),
        }
        with self._errors.open("ab") as errors:
            self.process = subprocess.Popen(
                self._command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
            )
