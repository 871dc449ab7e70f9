"""Home Assistant in the soak of a home: it drives turns, and dies within them.

It is scripted, on a real connection; tests/soak/homeassistant.py uses the real one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.support.scripted_home_assistant import connected_home_assistant

_PATIENCE = 30.0
"""Seconds within which a satellite sends its next event, on a busy machine."""


def drive(uri: str, ask: Callable[[], None], dies: bool) -> None:
    """Connect, drive a turn after `ask` to its end or until a person speaks, and hang up.

    Raises `TimeoutError` where the satellite does not send what it shall.
    """
    asyncio.run(_drive(uri, ask, dies))


async def _drive(uri: str, ask: Callable[[], None], dies: bool) -> None:
    async with connected_home_assistant(uri, patience=_PATIENCE) as home:
        ask()
        await home.expect("detection")
        await home.send("transcribe", language="en")
        await home.expect("audio-chunk")
        if dies:
            return
        await home.expect("audio-stop")
        await home.answer("what time is it", "It is late.")
        await home.expect("played")
