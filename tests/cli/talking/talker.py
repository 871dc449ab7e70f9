"""A person who talks with `satellite talk` at a real terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect

from tests.cli.program import environment

LIMIT = 60.0
"""Seconds until a text is shown."""


class Talker:
    """Types, and reads the screen."""

    def __init__(self, folder: Path, *arguments: str, limit: float = LIMIT) -> None:
        home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
        self.program = pexpect.spawn(
            sys.executable,
            ["-m", "satellite", "talk", *arguments],
            env=environment(
                **home,
                TERM="xterm",
                XDG_DATA_HOME=str(folder / "data"),
                XDG_STATE_HOME=str(folder / "state"),
            ),
            encoding="utf-8",
            dimensions=(40, 100),
            timeout=limit,
        )
        self.read = ""

    def until(self, text: str) -> str:
        """Wait until a text is shown, a regular expression; return it."""
        try:
            self.program.expect(text)
        except (pexpect.EOF, pexpect.TIMEOUT):
            raise AssertionError(f"no {text!r} in: {self.read}{self.program.before}") from None
        self.read += str(self.program.before) + str(self.program.after)
        return str(self.program.after)

    def ready(self) -> None:
        """Wait for the first prompt."""
        self.until("/quit leaves")

    def type(self, text: str) -> None:
        """Type a line."""
        self.program.send(f"{text}\r")

    def press(self, key: str) -> None:
        """Press a key."""
        self.program.send(key)

    def end(self) -> int:
        """Wait for the end; return the exit code, or minus the signal."""
        self.program.expect(pexpect.EOF)
        self.read += str(self.program.before)
        self.program.close()
        code = self.program.exitstatus
        return int(code) if code is not None else -int(self.program.signalstatus or 0)
