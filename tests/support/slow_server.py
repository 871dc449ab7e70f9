"""A language model that takes its time: python -m tests.support.slow_server SECONDS

Serves an llm at a free port, whose address it prints, and answers each request SECONDS later.
"""

from __future__ import annotations

import asyncio
import sys

from satellite.values import ReplyPart
from servers.serve import serving
from tests.support.engines import ScriptedLlm

ANSWER = "It is late."


class SlowLlm(ScriptedLlm):
    """Answers after `seconds`."""

    def __init__(self, seconds: float, *parts: ReplyPart) -> None:
        super().__init__([parts or (ANSWER,)])
        self.seconds = seconds

    async def _begin(self) -> None:
        await asyncio.sleep(self.seconds)


async def main(seconds: float) -> None:
    async with serving("llm", SlowLlm(seconds), "tcp://127.0.0.1:0") as uri:
        print(uri, flush=True)  # noqa: T201  read by the test
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
