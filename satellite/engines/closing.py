"""The close of engines, whose failures are logged: they end no program and leave no other open."""

from __future__ import annotations

import asyncio
import logging

from satellite.lib.containment import Containment
from satellite.ports import Engine

_LOGGER = logging.getLogger(__name__)

CLOSES = 1.0
"""Seconds for engines to close, so that a stop takes two at most in all. What a thread of theirs
does, such as loading a model, cannot be interrupted."""


async def close(*engines: Engine, seconds: float = CLOSES) -> None:
    """Close engines at once, and log what they raise, but let a cancellation of this task pass.

    Those that have not closed after `seconds` are left, with a line in the log.
    """
    closing: list[tuple[str, asyncio.Task[None]]] = []
    try:
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
            for engine in engines:
                name = type(engine).__name__
                work = Containment(f"closing {name}").once(engine.close)
                closing.append((name, tasks.create_task(work)))
    except TimeoutError:
        left = ", ".join(dict.fromkeys(name for name, task in closing if task.cancelled()))
        _LOGGER.warning("an engine did not close within %g s, and is left: %s", seconds, left)
