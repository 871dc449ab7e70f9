"""Questions of the setup: asked at a terminal, or answered with their defaults."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import aclosing

import click

from satellite.cli.devices import bar
from satellite.cli.guided_setup.asking import Choice
from satellite.cli.screen import columns, echo, print_text, wrapped
from satellite.errors import UsageError
from satellite.lib.platform import terminal
from satellite.text.whole_number import whole_number

_REMEDY = "--yes takes the answers in brackets"


class DefaultAnswers:
    """Asks nothing: every question has the answer that Enter gives."""

    present = False

    def __init__(self) -> None:
        self._heading = ""

    def say(self, text: str = "") -> None:
        """Print a text; what continues a line is indented by two characters."""
        if self._heading:
            echo(self._heading)
            self._heading = ""
        print_text(text, later=" " * (len(text) - len(text.lstrip()) + 2))

    def head(self, text: str) -> None:
        """Print the heading of a part, before its first line if there is one."""
        self._heading = f"{text}:"

    def level(self, rms: float, peak: float, *, last: bool = False) -> None:
        """Show nothing: a meter is for a terminal."""

    async def text(self, question: str, default: str) -> str:
        """Return the default, and print it if there is one."""
        if default:
            self.say(f"  {question} {default}")
        return default

    async def yes(self, question: str, default: bool) -> bool:
        """Return the default."""
        return default

    async def choose(
        self,
        question: str,
        choices: Sequence[Choice],
        default: str,
        *,
        other: str = "a component",
    ) -> str:
        """Return the default, and print it."""
        self.say(f"  {question} {default}")
        return default

    async def secret(self, question: str) -> str:
        """Return no secret."""
        return ""


class Terminal(DefaultAnswers):
    """Asks at a terminal. Reads the input as it comes, so that Ctrl-C always works."""

    present = True

    def __init__(self) -> None:
        super().__init__()
        self._typed = b""

    def head(self, text: str) -> None:
        """Print the heading of a part."""
        click.secho(f"\n{text}", bold=True)

    def level(self, rms: float, peak: float, *, last: bool = False) -> None:
        """Show the meter, on one line."""
        click.echo("\r" + " " * 64 + "\r" if last else f"\r  {bar(rms, peak)}", nl=False)

    async def text(self, question: str, default: str) -> str:
        """Return the line that was typed, or the default."""
        end = f" [{default}] " if default else " " if question.endswith("?") else ": "
        return await self._ask(question + end) or default

    async def yes(self, question: str, default: bool) -> bool:
        """Ask until the answer is yes or no, in English or as a number."""
        while True:
            answer = await self._ask(f"{question} [{'Y/n' if default else 'y/N'}] ")
            if not answer:
                return default
            if answer.lower() in ("y", "yes", "1", "n", "no", "0"):
                return answer.lower() in ("y", "yes", "1")
            echo("  y or n?")

    async def choose(
        self,
        question: str,
        choices: Sequence[Choice],
        default: str,
        *,
        other: str = "a component",
    ) -> str:
        """Return the choice of a number, or another value that was typed in full."""
        width = max(len(choice.value) for choice in choices)
        for number, choice in enumerate(choices, 1):
            mark = "*" if choice.value == default else " "
            line = f" {mark}{number:2}  {choice.value:<{width}}  {choice.text}".rstrip()
            later = " " * (width + 7 if width < 40 else 7)
            echo(wrapped(line, columns(), later=later))
        while True:
            answer = await self._ask(f"{question} A number, or {other} [{default}] ")
            if not answer:
                return default
            if (chosen := whole_number(answer)) is None:
                return answer
            if 1 <= chosen <= len(choices):
                return choices[chosen - 1].value
            echo(f"  1 to {len(choices)}?")

    async def secret(self, question: str) -> str:
        """Return the line that was typed, without showing it."""
        with terminal.without_echo():
            answer = await self._ask(f"{question}: ")
        echo()
        return answer

    async def _ask(self, question: str) -> str:
        echo(question, nl=False)
        line = await self._line()
        return line.decode("utf-8", "replace").strip()

    async def _line(self) -> bytes:
        """Return the next line. Raises `UsageError` at the end of the input (Ctrl-D)."""
        async with aclosing(terminal.input_pieces(4096)) as pieces:
            while b"\n" not in self._typed:
                piece = await anext(pieces)
                if not piece:
                    echo()
                    raise UsageError(f"the input has ended: {_REMEDY}")
                self._typed += piece
        line, _, self._typed = self._typed.partition(b"\n")
        return line


def asker(*, silent: bool) -> DefaultAnswers:
    """Return the asker for standard input. Raises `UsageError` if that is no terminal."""
    if silent:
        return DefaultAnswers()
    if not sys.stdin.isatty():
        raise UsageError(f"standard input is no terminal: {_REMEDY}")
    return Terminal()
