"""Asking in a terminal, line by line; and not asking at all."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import click

from satellite.cli.devices import bar
from satellite.errors import UsageError
from satellite.setup.asking import Choice

_WAY_OUT = "nobody answers: --yes takes what stands in brackets"


class Silent:
    """Nobody is asked: every question has the answer that Enter gives."""

    present = False

    def say(self, text: str = "") -> None:
        """Tell something."""
        click.echo(text)

    def head(self, text: str) -> None:
        """Begin a part."""
        click.echo(f"{text}:")

    def level(self, rms: float, peak: float, *, last: bool = False) -> None:
        """Levels are for those who look on."""

    async def text(self, question: str, default: str) -> str:
        """The default."""
        return default

    async def yes(self, question: str, default: bool) -> bool:
        """The default."""
        return default

    async def choose(self, question: str, choices: Sequence[Choice], default: str) -> str:
        """The default."""
        return default

    async def secret(self, question: str) -> str:
        """None."""
        return ""


class Terminal(Silent):
    """Somebody at a terminal. What is typed is read as it comes, so that Ctrl-C always works."""

    present = True

    def __init__(self) -> None:
        self._typed = b""

    def head(self, text: str) -> None:
        """Begin a part."""
        click.secho(f"\n{text}", bold=True)

    def level(self, rms: float, peak: float, *, last: bool = False) -> None:
        """Show the meter, on one line."""
        click.echo("\r" + " " * 64 + "\r" if last else f"\r  {bar(rms, peak)}", nl=False)

    async def text(self, question: str, default: str) -> str:
        """What is typed, or the default."""
        return (
            await self._ask(f"{question} [{default}] " if default else f"{question}: ")
        ) or default

    async def yes(self, question: str, default: bool) -> bool:
        """Yes or no, in English or as a number."""
        while True:
            answer = await self._ask(f"{question} [{'Y/n' if default else 'y/N'}] ")
            if not answer:
                return default
            if answer.lower() in ("y", "yes", "1", "n", "no", "0"):
                return answer.lower() in ("y", "yes", "1")
            click.echo("  y or n?")

    async def choose(self, question: str, choices: Sequence[Choice], default: str) -> str:
        """A choice by its number, or what is typed in full."""
        width = max(len(choice.value) for choice in choices)
        for number, choice in enumerate(choices, 1):
            mark = "*" if choice.value == default else " "
            click.echo(f" {mark}{number:2}  {choice.value:<{width}}  {choice.text}".rstrip())
        while True:
            answer = await self._ask(f"{question} A number, or a component [{default}] ")
            if not answer:
                return default
            if not answer.isdigit():
                return answer
            if 1 <= int(answer) <= len(choices):
                return choices[int(answer) - 1].value
            click.echo(f"  1 to {len(choices)}?")

    async def secret(self, question: str) -> str:
        """What is typed, unseen."""
        with _unseen():
            answer = await self._ask(f"{question}: ")
        click.echo()
        return answer

    async def _ask(self, question: str) -> str:
        click.echo(question, nl=False)
        line = await self._line()
        return line.decode("utf-8", "replace").strip()

    async def _line(self) -> bytes:
        """The next line. Raises `UsageError` at the end of what is typed (Ctrl-D)."""
        loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()
        came = asyncio.Event()
        loop.add_reader(descriptor, came.set)
        try:
            while b"\n" not in self._typed:
                await came.wait()  # for as long as somebody thinks
                came.clear()
                piece = os.read(descriptor, 4096)
                if not piece:
                    click.echo()
                    raise UsageError(_WAY_OUT)
                self._typed += piece
        finally:
            loop.remove_reader(descriptor)
        line, _, self._typed = self._typed.partition(b"\n")
        return line


def asker(*, silent: bool) -> Silent:
    """Who asks here. Raises `UsageError` where nobody could answer."""
    if silent:
        return Silent()
    if not sys.stdin.isatty():
        raise UsageError(f"standard input is no terminal, so {_WAY_OUT}")
    return Terminal()


@contextmanager
def _unseen() -> Generator[None, None, None]:
    before = termios.tcgetattr(sys.stdin.fileno())
    unseen = before.copy()
    unseen[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, unseen)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)
