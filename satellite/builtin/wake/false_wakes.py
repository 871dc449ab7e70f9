"""Makes wake engines stricter for a while after false wakes, as a television causes them."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable

from satellite.events import Event, TurnEnd, Wake
from satellite.lib.bus import Bus

_LOGGER = logging.getLogger(__name__)

COUNT = 2
WITHIN = 600.0
"""Wakes without a request, and the seconds within which they fall, that make the engine stricter: a
person seldom calls twice in ten minutes and says nothing."""

STRICT = 1800.0
"""Seconds for which it stays stricter after the last of them: most of a programme."""

_TURNS = 8
"""Turns that began with a wake word and have not ended: an interrupted one ends after the next has
begun."""


class FalseWakes:
    """The wakes of one satellite after which nothing was said, and the threshold because of them.

    Used on the event loop, except for `threshold`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=COUNT)
        self._turns: deque[str] = deque(maxlen=_TURNS)
        self._until = -math.inf

    def threshold(self, word: str, usual: float) -> float:
        """Return the score needed instead of the usual one, 0 to 1: its root while strict, whatever
        the word."""
        return math.sqrt(usual) if self._clock() < self._until else usual

    async def follow(self, bus: Bus) -> None:
        """Count the false wakes among events until cancelled."""
        async with bus.subscribe("false wakes") as happening:
            async for event in happening:
                self.take(event)

    def take(self, event: Event) -> None:
        """Take the next event."""
        if isinstance(event, Wake) and event.turn is not None:
            self._turns.append(event.turn)
        elif isinstance(event, TurnEnd) and event.turn is not None and event.turn in self._turns:
            self._turns.remove(event.turn)
            if event.outcome == "nothing_heard":
                self._note()

    def _note(self) -> None:
        now = self._clock()
        self._times.append(now)
        if len(self._times) < COUNT or now - self._times[0] > WITHIN:
            return
        if now >= self._until:
            _LOGGER.info(
                "wake words need a higher score for %.0f minutes: nothing was said after %d of "
                "them within %.0f minutes",
                *(STRICT / 60, COUNT, WITHIN / 60),
            )
        self._until = now + STRICT
