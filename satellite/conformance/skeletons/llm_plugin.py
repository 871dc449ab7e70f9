"""Skeleton, a brain: it repeats the request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

from satellite.options import OptionSet, option
from satellite.ports import OpenCalls
from satellite.values import EngineInfo, ModelInfo, ReplyPart, ReplyRequest

MOST_WORDS = 200
"""Words that are repeated at most: a reply is spoken, and a person waits for its end."""


class Skeleton:
    """Repeats the request."""

    class Options(OptionSet, frozen=True):
        """How the request is repeated."""

        prefix: Annotated[str, option("Spoken before the request")] = "You said:"

    def __init__(self, options: Options) -> None:
        self._options = options
        self._calls = OpenCalls("skeleton")

    async def load(self) -> None:
        """Load models and import heavy packages here. Idempotent."""

    def describe(self) -> EngineInfo:
        """Return the name and, after `load`, the models."""
        return EngineInfo(name="skeleton", version="0.1.0", models=(ModelInfo(name="skeleton"),))

    def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the answer piece by piece; nothing for an empty request. Raises `EngineClosed`."""
        return self._calls.run(self._answer(request))

    async def close(self) -> None:
        """End the calls under way and release all resources. Idempotent."""
        await self._calls.close()

    async def _answer(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        words = request.text.split()[:MOST_WORDS]
        for word in [self._options.prefix, *words] if words else []:
            await asyncio.sleep(0)
            yield f"{word} "
