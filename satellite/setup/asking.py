"""How a person is asked: in a terminal, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Choice(msgspec.Struct, frozen=True):
    """Something that can be chosen: what it is in the configuration, and to a person."""

    value: str
    text: str


class Asker(Protocol):
    """Asks, and tells. Each question has an answer that Enter gives."""

    @property
    def present(self) -> bool:
        """Whether somebody is there to speak, to hear and to answer."""

    def say(self, text: str = "") -> None:
        """Tell something."""

    def head(self, text: str) -> None:
        """Begin a part."""

    def level(self, rms: float, peak: float, *, last: bool = False) -> None:
        """Show how loud it is now, in dBFS."""

    async def text(self, question: str, default: str) -> str:
        """A text; `-` where the default shall not hold and nothing shall stand in its place."""

    async def yes(self, question: str, default: bool) -> bool:
        """Yes or no."""

    async def choose(self, question: str, choices: Sequence[Choice], default: str) -> str:
        """One of several by its number, or anything else as it is typed."""

    async def secret(self, question: str) -> str:
        """A text that is not shown while it is typed; empty for none."""
