"""Several brains as one: each is asked what those before it declined."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from satellite.ports import Llm
from satellite.values import Declined, EngineInfo, ReplyPart, ReplyRequest


class First:
    """The first of several brains that does not decline answers; the last one's word counts.

    It owns its brains: it loads and closes them.
    """

    def __init__(self, brains: Sequence[Llm]) -> None:
        self._brains = tuple(brains)

    async def load(self) -> None:
        """Load them one after another. Raises what they raise."""
        for brain in self._brains:
            await brain.load()

    def describe(self) -> EngineInfo:
        """Say what the last of them is, which answers whatever the others do not."""
        return self._brains[-1].describe()

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        """Yield the reply of the first that has one; raises what that one raises."""
        for brain in self._brains[:-1]:
            async with aclosing(brain.reply(request)) as parts:
                first = await anext(parts, None)
                if isinstance(first, Declined):
                    continue
                if first is not None:
                    yield first
                async for part in parts:
                    yield part
                return
        async with aclosing(self._brains[-1].reply(request)) as parts:
            async for part in parts:
                yield part

    async def close(self) -> None:
        """Close all of them, the last one first, whatever the others raise."""
        failures = []
        for brain in reversed(self._brains):
            try:
                await brain.close()
            except Exception as error:
                failures.append(error)
        if failures:
            raise failures[0]
