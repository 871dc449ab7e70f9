"""Skeleton, a hook: it logs the kinds of events it is configured for."""

from __future__ import annotations

import logging
from typing import Annotated

from satellite.events import Event
from satellite.options import OptionSet, option

_LOGGER = logging.getLogger(__name__)


class Skeleton:
    """Logs events."""

    class Options(OptionSet, frozen=True):
        """Which events are logged."""

        events: Annotated[tuple[str, ...], option("Kinds of events, separated by commas")] = (
            "wake",
            "turn_end",
        )

    def __init__(self, options: Options) -> None:
        self._options = options

    async def start(self) -> None:
        """Open devices and connections here."""

    async def handle(self, event: Event) -> None:
        """Receive an event: every one, in order, each within five seconds."""
        if event.kind in self._options.events:
            _LOGGER.info("%s happened", event.kind)

    async def close(self) -> None:
        """Release all resources. Idempotent."""
