"""Hooks: plugins that are told every event, each at its own pace and at nobody's cost."""

from __future__ import annotations

import asyncio
import logging

from satellite.bus import Bus
from satellite.ports import Hook

_LOGGER = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds a hook may take for one event before it is interrupted: a lamp answers in less."""


async def run_hook(name: str, hook: Hook, bus: Bus) -> None:
    """Tell a hook every event until the bus ends. It may fail or hang; only the log will know."""
    failures = 0
    async with bus.subscribe(f"hook {name}") as happening:
        try:
            async with asyncio.timeout(PATIENCE):
                await hook.start()
            async for event in happening:
                try:
                    async with asyncio.timeout(PATIENCE):
                        await hook.handle(event)
                    failures = 0
                except Exception as error:  # a stranger's code may raise anything
                    failures += 1
                    level = logging.WARNING if failures == 1 else logging.DEBUG
                    _LOGGER.log(level, "hook %s failed at %s: %r", name, event.kind, error)
        except Exception as error:  # as above
            _LOGGER.warning("hook %s could not start and is left out: %r", name, error)
        finally:
            await _close(name, hook)


async def _close(name: str, hook: Hook) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await hook.close()
    except Exception as error:  # as above
        _LOGGER.warning("hook %s did not close: %r", name, error)
