"""The bell: everything that rings now rings together, until it is dismissed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import tzinfo
from functools import partial

from satellite.errors import SatelliteError
from satellite.lib.containment import Containment
from satellite.timers.ringing import ANNOUNCED, PAUSE, Ring, RingWords, loudness
from satellite.timers.schedule import DueEntry
from satellite.timers.wall_clock import ClockReading

_LOGGER = logging.getLogger(__name__)


class Bell:
    """Owns the ringing task; `ring` plays the sound once, `words` are for what rings late."""

    def __init__(
        self,
        ring: Callable[[Ring], Awaitable[None]],
        longest: float,
        clock: Callable[[], ClockReading],
        zone: tzinfo | None,
        words: Callable[[str | None], RingWords],
    ) -> None:
        self.ringing: dict[str, DueEntry] = {}
        """The entries that ring, by id."""
        self._ring = ring
        self._longest = longest
        self._clock = clock
        self._zone = zone
        self._words = words
        self._since = 0.0
        """When the newest entry began to ring, `ClockReading.boot`."""
        self._task: asyncio.Task[None] | None = None
        self._containment = Containment("the sound of a timer")

    def remaining(self, moment: ClockReading) -> float:
        """Return the seconds that the bell may still ring."""
        return max(0.0, self._since + self._longest - moment.boot)

    def add(self, due: DueEntry, tasks: asyncio.TaskGroup) -> None:
        """Ring for an entry, together with those that ring already."""
        self.ringing[due.entry.id] = due
        self._since = self._clock().boot
        if self._task is None:
            self._task = tasks.create_task(self._ring_on(), name="bell")

    def silence(self) -> tuple[DueEntry, ...]:
        """Stop ringing; return the entries that rang."""
        rang = tuple(self.ringing.values())
        self.ringing = {}
        if self._task is not None:
            self._task.cancel()
            self._task = None
        return rang

    async def _ring_on(self) -> None:
        announced: set[str] = set()
        began = self._clock().boot
        while True:
            new = self._of_one_language(announced)
            announced.update(due.entry.id for due in new)
            words, language = self._announcement(new)
            ring = Ring(loudness(self._clock().boot - began), words, language)
            await self._containment.once(partial(self._ring, ring))
            await asyncio.sleep(PAUSE)

    def _of_one_language(self, announced: Collection[str]) -> list[DueEntry]:
        """Return what is not announced yet, in the language of the first of them.

        A voice speaks one language: what was set in another one is announced with the next ring.
        """
        new = [due for id_, due in self.ringing.items() if id_ not in announced]
        return [due for due in new if due.entry.language == new[0].entry.language]

    def _announcement(self, new: Sequence[DueEntry]) -> tuple[str, str | None]:
        """Return what to say of entries, and its language if that may differ from the settings'."""
        if any(due.late >= ANNOUNCED for due in new):
            try:
                own = self._words(new[0].entry.language)
                words = [own.announcement(due, self._zone) for due in new]
                return " ".join(filter(None, words)), own.language
            except SatelliteError as error:  # it must ring all the same
                _LOGGER.warning("cannot say how late a timer rings: %s", error)
        spoken = [due.entry for due in new if due.entry.text]
        language = spoken[0].language if spoken else None
        return " ".join(entry.text for entry in spoken if entry.text), language
