"""`satellite` with a voice whose model is never loaded: python -m tests.support.endless_loading

$HOW names the thread that loads: a `Worker` of the engine's own, or one of the event loop's. It
prints `LOADING` once that thread is busy, and is not interrupted by anything.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from satellite.__main__ import main
from satellite.lib.worker import Worker
from servers.tts.espeak.engine import Espeak

LOADING = "the model is being loaded"


def load_forever() -> None:
    """Block, as the code of a large model on a slow disk does."""
    print(LOADING, flush=True)  # noqa: T201  read by the test
    while True:
        time.sleep(3600)


async def load(self: Any) -> None:
    """Load the voice, in vain."""
    if os.environ["HOW"] == "worker":
        self.loader = Worker("loader")
        await self.loader.call(load_forever)
    else:
        await asyncio.to_thread(load_forever)


async def close(self: Any) -> None:
    """Wait for the thread, as most engines do."""
    if os.environ["HOW"] == "worker":
        await self.loader.close()


if __name__ == "__main__":
    Espeak.load = load  # type: ignore[method-assign]
    Espeak.close = close  # type: ignore[method-assign]
    main()
