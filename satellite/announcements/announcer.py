"""The announcer: plays one announcement after another, the most urgent first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Protocol

from satellite.announcements.announcement import Announcement, AnnouncementStyle, Outcome
from satellite.errors import EngineBusy, EngineFailed, SatelliteError, UsageError
from satellite.lib.containment import Containment
from satellite.lib.deadline import fallback_seconds, within
from satellite.ports import Tts
from satellite.settings import Settings
from satellite.text.speakable import speakable
from satellite.values import AudioChunk, SpeechRequest

_LOGGER = logging.getLogger(__name__)

MOST = 16
"""Announcements that may wait; later ones are refused as busy."""

PATIENCE = 600.0
"""Seconds after which a waiting announcement expires: after ten minutes it is stale."""

CALM = 3.0
"""Seconds of quiet before an announcement of low priority: people pause, and continue."""

LOOK = 0.1
"""Seconds between checks of the waiting announcements."""

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
    """An announcement that waits or plays."""

    def __init__(self, announcement: Announcement, since: float) -> None:
        self.announcement = announcement
        self.since = since
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    @property
    def urgency(self) -> int:
        return _ORDER.index(self.announcement.style.priority)

    def finish(self, outcome: Outcome) -> None:
        self.announcement.discard()
        if not self.outcome.done():
            self.outcome.set_result(outcome)


class Announcer:
    """Owns the queue of announcements. They wait for the end of a turn, unless they are urgent."""

    def __init__(self, output: AnnouncementOutput, settings: Settings, tts: Tts) -> None:
        self._output = output
        self._settings = settings
        self._tts = tts
        self._waiting: list[_Waiting] = []
        self._current: _Waiting | None = None
        self._calm_since = 0.0
        self._changed = asyncio.Event()
        self._containment = Containment("an announcement")

    def say(self, text: str, style: AnnouncementStyle | None = None) -> asyncio.Future[Outcome]:
        """Announce a text, as `submit` does."""
        style = style or AnnouncementStyle()
        return self.submit(
            Announcement(lambda: speech(text, self._tts, self._settings, style.voice), text, style)
        )

    def submit(self, announcement: Announcement) -> asyncio.Future[Outcome]:
        """Queue an announcement; return the future of its outcome. Raises `EngineBusy`."""
        if len(self._waiting) >= MOST:
            raise EngineBusy(f"{MOST} announcements are waiting already")
        new = _Waiting(announcement, asyncio.get_running_loop().time())
        if not self._waiting:
            self._calm_since = new.since  # quiet before was not observed
        self._waiting.append(new)
        self._changed.set()
        current = self._current
        if announcement.style.priority == "high" and (current is None or current.urgency < 2):
            self._output.interrupt()
        return new.outcome

    def withdraw(self, outcome: asyncio.Future[Outcome], result: Outcome) -> None:
        """End a waiting announcement, by the future of its outcome; one that plays is not ended."""
        for waiting in self._waiting:
            if waiting.outcome is outcome:
                self._waiting.remove(waiting)
                waiting.finish(result)
                return

    async def run(self) -> None:
        """Play announcements until cancelled."""
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
                waiting.finish("interrupted")

    def _choose(self) -> _Waiting | None:
        """Return the announcement to play now, if any."""
        now = asyncio.get_running_loop().time()
        for waiting in [w for w in self._waiting if now - w.since > PATIENCE]:
            _LOGGER.warning("an announcement expired: it waited for %g s", PATIENCE)
            self._waiting.remove(waiting)
            waiting.finish("expired")
        idle = self._output.idle
        if not idle or self._output.ringing:
            self._calm_since = now
        if not self._waiting or not idle:
            return None
        chosen = max(self._waiting, key=lambda waiting: (waiting.urgency, -waiting.since))
        return chosen if chosen.urgency or now - self._calm_since >= CALM else None

    async def _announce(self, chosen: _Waiting) -> None:
        announcement, self._current = chosen.announcement, chosen
        outcome: Outcome = "interrupted"
        try:
            with self._containment.raising(EngineFailed):
                async with aclosing(announcement.sound()) as sound:
                    style = announcement.style
                    if await self._output.announce(sound, style.chime, announcement.text):
                        outcome = "heard"
        except SatelliteError as error:
            _LOGGER.warning("an announcement failed: %s", error)
            outcome = "failed"
        finally:
            self._current = None
            chosen.finish(outcome)


async def speech(
    text: str, tts: Tts, settings: Settings, voice: str | None = None
) -> AsyncGenerator[AudioChunk, None]:
    """Yield the speech of a text in the language of the settings, and their voice by default.

    Raises `UsageError` for a text without words, and the errors of the text-to-speech.
    """
    if not (spoken := speakable(text)):
        raise UsageError("nothing in its text can be spoken: it has no words")
    request = SpeechRequest(
        text=spoken, voice=voice or settings.voice or None, language=settings.language
    )
    limit = settings.deadlines.tts + fallback_seconds(tts)
    async with aclosing(within(tts.synthesize(request), limit, "text-to-speech")) as chunks:
        async for chunk in chunks:
            yield chunk
