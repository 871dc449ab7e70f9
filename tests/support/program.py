"""`satellite` as a process, observed through its event log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Event = dict[str, Any]


class Program:
    """A running `satellite` with its event log and standard error."""

    def __init__(self, process: subprocess.Popen[str], events: Path, errors: Path) -> None:
        self.process = process
        self._events = events
        self._errors = errors

    def events(self, kind: str | None = None) -> list[Event]:
        """Return the events so far, of one kind or all."""
        lines = self._events.read_text().splitlines() if self._events.exists() else []
        # the last line may be incomplete
        parsed = [json.loads(line) for line in lines if line.endswith("}")]
        return [event for event in parsed if kind in (None, event["event"])]

    def errors(self) -> str:
        """Return the standard error output so far."""
        return self._errors.read_text()

    def wait_for(self, kind: str, count: int = 1, timeout: float = 30.0) -> list[Event]:
        """Wait for `count` events of a kind."""
        self.wait_until(lambda: len(self.events(kind)) >= count, f"{count} × {kind}", timeout)
        return self.events(kind)

    def wait_until(self, true: Callable[[], bool], what: str, timeout: float = 30.0) -> None:
        """Wait until a condition is true while the program runs."""
        deadline = time.monotonic() + timeout
        while not true():
            assert self.process.poll() is None, f"ended before {what}: {self.report()}"
            assert time.monotonic() < deadline, f"no {what} in {timeout} s: {self.report()}"
            time.sleep(0.02)

    def finish(self, timeout: float = 60.0) -> int:
        """Wait until the program ends by itself; return its exit code."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s: {self.report()}") from None

    def stop(self, number: int = signal.SIGTERM, timeout: float = 10.0) -> float:
        """Send a signal; return the seconds until the program has ended."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout)
        return time.monotonic() - started

    def report(self) -> str:
        """Return all events and errors, for a failing test."""
        return f"\n{self.errors()}\n" + "\n".join(map(str, self.events()))


@contextmanager
def satellite(
    folder: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    prefix: tuple[str, ...] = (),
    name: str = "satellite",
    module: str = "satellite",
) -> Iterator[Program]:
    """Run `satellite` with its event log in `folder` during the block, then kill it.

    `module` is a program that prepares something and then runs `satellite`.
    """
    events, errors = folder / f"{name}.jsonl", folder / f"{name}.err"
    command = [*prefix, sys.executable, "-m", module, *arguments, "--events", str(events)]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SATELLITE_")}
    home = {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "SATELLITE_HTTP_PORT": "0",  # the default port may be in use on this machine
        "SATELLITE_HOMEASSISTANT_PROTOCOL": "wyoming",  # a new satellite would use ESPHome's API
    }
    with errors.open("w") as log:
        process = subprocess.Popen(
            command,
            env={**clean, **home, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield Program(process, events, errors)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(10)


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `satellite` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "satellite", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
