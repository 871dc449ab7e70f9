"""The announcer: says one announcement after another, the most urgent first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Protocol

from satellite.announcements.announcement import Announcement, AnnouncementStyle, Outcome
from satellite.errors import EngineBusy, SatelliteError
from satellite.lib.deadline import within
from satellite.ports import Tts
from satellite.settings import Settings
from satellite.values import AudioChunk, SpeechRequest

_LOGGER = logging.getLogger(__name__)

MOST = 16
"""Announcements that wait: a home that has more to say is told that it is busy."""

PATIENCE = 600.0
"""Seconds for which one waits for its time: what nobody could be told in ten minutes is stale."""

CALM = 3.0
"""Seconds of rest before something of low priority is said: people pause, and go on."""

LOOK = 0.1
"""Seconds between two looks whether the time of what waits has come."""

_ORDER = ("low", "normal", "high")


class AnnouncementOutput(Protocol):
    """Plays the announcements: see `satellite.turns.speech_output.SpeechOutput`."""

    @property
    def idle(self) -> bool: ...

    @property
    def ringing(self) -> bool: ...

    async def announce(
        self, audio: AsyncGenerator[AudioChunk, None], chime: bool = True, text: str = ""
    ) -> bool: ...

    def interrupt(self) -> None: ...


class _Waiting:
    """An announcement whose time has not come, or that is being said."""

    def __init__(self, announcement: Announcement, since: float) -> None:
        self.announcement = announcement
        self.since = since
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    @property
    def urgency(self) -> int:
        return _ORDER.index(self.announcement.manner.priority)

    def over(self, outcome: Outcome) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class Announcer:
    """Owns what waits to be announced. It is not said while a turn runs, unless it is urgent."""

    def __init__(self, output: AnnouncementOutput, settings: Settings, tts: Tts) -> None:
        self._output = output
        self._settings = settings
        self._tts = tts
        self._waiting: list[_Waiting] = []
        self._current: _Waiting | None = None
        self._calm_since = 0.0
        self._changed = asyncio.Event()

    def say(self, text: str, manner: AnnouncementStyle | None = None) -> asyncio.Future[Outcome]:
        """Announce a text, as `submit` does."""
        manner = manner or AnnouncementStyle()
        return self.submit(Announcement(lambda: self._speech(text, manner), text, manner))

    def submit(self, announcement: Announcement) -> asyncio.Future[Outcome]:
        """Announce something when its time comes; what became of it. Raises `EngineBusy`."""
        if len(self._waiting) >= MOST:
            raise EngineBusy(f"{MOST} announcements are waiting already")
        new = _Waiting(announcement, asyncio.get_running_loop().time())
        if not self._waiting:
            self._calm_since = new.since  # nobody has looked how calm it was before
        self._waiting.append(new)
        self._changed.set()
        current = self._current
        if announcement.manner.priority == "high" and (current is None or current.urgency < 2):
            self._output.interrupt()
        return new.outcome

    async def run(self) -> None:
        """Say what is to be announced, until cancelled."""
        try:
            while True:
                self._changed.clear()
                if (chosen := self._choose()) is not None:
                    self._waiting.remove(chosen)
                    await self._announce(chosen)
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK if self._waiting else None):
                        await self._changed.wait()
        finally:
            for waiting in self._waiting:
                waiting.over("interrupted")

    def _choose(self) -> _Waiting | None:
        """What is said now, if anything."""
        now = asyncio.get_running_loop().time()
        for waiting in [w for w in self._waiting if now - w.since > PATIENCE]:
            _LOGGER.warning("an announcement was not heard: its time did not come")
            self._waiting.remove(waiting)
            waiting.over("expired")
        idle = self._output.idle
        if not idle or self._output.ringing:
            self._calm_since = now
        if not self._waiting or not idle:
            return None
        chosen = max(self._waiting, key=lambda waiting: (waiting.urgency, -waiting.since))
        return chosen if chosen.urgency or now - self._calm_since >= CALM else None

    async def _announce(self, chosen: _Waiting) -> None:
        it, self._current = chosen.announcement, chosen
        outcome: Outcome = "interrupted"
        try:
            async with aclosing(it.sound()) as sound:
                if await self._output.announce(sound, it.manner.chime, it.text):
                    outcome = "heard"
        except SatelliteError as error:
            _LOGGER.warning("an announcement was not heard: %s", error)
            outcome = "failed"
        finally:
            self._current = None
            chosen.over(outcome)

    async def _speech(
        self, text: str, manner: AnnouncementStyle
    ) -> AsyncGenerator[AudioChunk, None]:
        voice = manner.voice or self._settings.voice or None
        request = SpeechRequest(text=text, voice=voice, language=self._settings.language)
        limit = self._settings.deadlines.tts
        async with aclosing(
            within(self._tts.synthesize(request), limit, "text-to-speech")
        ) as speech:
            async for chunk in speech:
                yield chunk
