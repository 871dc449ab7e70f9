"""Home Assistant in a home that is soaked: it drives turns, and dies within them.

A scripted one on a real connection; tests/soak/homeassistant.py has the real one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.support.scripted_home_assistant import connected_home_assistant

_PATIENCE = 30.0
"""Seconds in which a satellite sends what comes next, on a machine that does much else, too."""


def drive(uri: str, ask: Callable[[], None], dies: bool) -> None:
    """Connect, and drive a turn after `ask` to its end or until somebody speaks; hang up.

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
