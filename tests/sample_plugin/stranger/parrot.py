"""A brain that repeats what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, ClassVar

from satellite.errors import EngineClosed
from satellite.options import OptionSet, option
from satellite.tools import Tool
from satellite.values import EngineInfo, ModelInfo, ReplyPart, ReplyRequest

MOST = 200
"""Words it repeats at most."""


class Phrase(OptionSet, frozen=True):
    """What a language model may have repeated."""

    text: Annotated[str, option("What to repeat")]


async def repeat(phrase: Phrase, request: ReplyRequest) -> Sequence[ReplyPart]:
    return (f"Polly says: {phrase.text}",)


class Parrot:
    """Repeats what it is told."""

    tools: ClassVar[tuple[Tool, ...]] = (
        Tool(name="ask_parrot", doc="Have the parrot repeat a text.", run=repeat, arguments=Phrase),
    )

    class Options(OptionSet, frozen=True):
        """How it repeats."""

        prefix: Annotated[str, option("Said before what it repeats")] = "You said:"

    def __init__(self, options: Options) -> None:
        self._options = options
        self._closed = False

    async def load(self) -> None:
        """Nothing to make ready."""

    def describe(self) -> EngineInfo:
        return EngineInfo(name="parrot", version="1.2.3", models=(ModelInfo(name="parrot"),))

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Repeat word by word. Raises `EngineClosed`."""
        words = request.text.split()[:MOST]
        for word in [self._options.prefix, *words] if words else []:
            await asyncio.sleep(0)
            if self._closed:
                raise EngineClosed("parrot was closed")
            yield f"{word} "

    async def close(self) -> None:
        self._closed = True
