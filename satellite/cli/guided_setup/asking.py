"""Questions for a person: on a terminal, or answered by their defaults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Choice(msgspec.Struct, frozen=True):
    """One of the answers to a question: its value in the configuration, and its text for people."""

    value: str
    text: str


class Asker(Protocol):
    """Asks questions and shows texts. Enter answers each question with its default."""

    @property
    def present(self) -> bool:
        """Whether a person is there to speak, to listen and to answer."""

    def say(self, text: str = "") -> None:
        """Show a line."""

    def head(self, text: str) -> None:
        """Show the heading of a part."""

    def level(self, rms: float, peak: float, *, last: bool = False) -> None:
        """Show the level of the microphone, in dBFS."""

    async def text(self, question: str, default: str) -> str:
        """Ask for a text; the answer `-` stands for an empty one."""

    async def yes(self, question: str, default: bool) -> bool:
        """Ask a yes-or-no question."""

    async def choose(
        self,
        question: str,
        choices: Sequence[Choice],
        default: str,
        *,
        other: str = "a component",
    ) -> str:
        """Ask for a choice by its number, or for any `other` value."""

    async def secret(self, question: str) -> str:
        """Ask for a text that is not shown while it is typed; empty for none."""
