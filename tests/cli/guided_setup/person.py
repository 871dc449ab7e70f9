"""A person at a real terminal, setting up a satellite."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect

from tests.cli.program import environment

LIMIT = 40.0
"""Seconds until the next question: the trial of the wake word takes ten."""


class Person:
    """Answers the questions of `satellite setup`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.home = folder
        home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
        self.program = pexpect.spawn(
            sys.executable,
            ["-m", "satellite", "setup", "--config", str(self.file), *arguments],
            env=environment(
                **home,
                TERM="dumb",
                XDG_DATA_HOME=str(folder / "data"),
                XDG_STATE_HOME=str(folder / "state"),
            ),
            encoding="utf-8",
            dimensions=(50, 200),
            timeout=LIMIT,
        )
        self.read = ""
        """Everything shown until the last question."""

    @property
    def file(self) -> Path:
        """The configuration to write: named, as root would otherwise write that of the machine."""
        return self.home / "config" / "satellite" / "satellite.toml"

    def until(self, question: str) -> None:
        """Wait until a text is shown; fail with the text shown instead."""
        try:
            self.program.expect(question)
        except (pexpect.EOF, pexpect.TIMEOUT):
            raise AssertionError(f"no {question!r} in: {self.read}{self.program.before}") from None
        self.read += str(self.program.before) + str(self.program.after)

    def answer(self, question: str, text: str = "") -> None:
        """Answer a question; only Enter by default."""
        self.until(question)
        self.program.sendline(text)

    def end(self) -> int:
        """Wait for the end and return the exit code."""
        self.program.expect(pexpect.EOF)
        self.read += str(self.program.before)
        self.program.close()
        return int(self.program.exitstatus if self.program.exitstatus is not None else -1)

    def press_enter_until_the_end(self, most: int = 40) -> int:
        """Answer every question with Enter; return the exit code."""
        for _ in range(most):
            found = self.program.expect([r"\] $", r"[^\s:][:?] $", pexpect.EOF])
            self.read += str(self.program.before) + str(self.program.after or "")
            if found == 2:
                self.program.close()
                return int(self.program.exitstatus if self.program.exitstatus is not None else -1)
            self.program.sendline("")
        raise AssertionError(f"asked {most} times without an end: {self.read}")
