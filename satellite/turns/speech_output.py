"""What the satellite says outside of replies, and how it is silenced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from satellite.timers import TimerManager
from satellite.turns.activity import Activity
from satellite.turns.sounds import Sounds
from satellite.values import AudioChunk


class SpeechOutput:
    """Plays announcements between turns, and ends whatever is said or rung."""

    def __init__(self, activity: Activity, sounds: Sounds, timers: TimerManager) -> None:
        self._activity = activity
        self._sounds = sounds
        self._timers = timers
        self._one_announcement = asyncio.Lock()

    @property
    def idle(self) -> bool:
        """No turn is running."""
        return self._activity.idle

    @property
    def ringing(self) -> bool:
        """A timer or alarm rings."""
        return self._timers.ringing

    @property
    def talking(self) -> bool:
        """Something is said or rung that "stop" would be meant for."""
        return self._activity.phase == "speaking" or self._timers.ringing

    async def announce(
        self, audio: AsyncIterator[AudioChunk], chime: bool = True, text: str = ""
    ) -> bool:
        """Play an announcement between two turns; return whether it was played to its end.

        A wake word ends it. `text` is what is said, if known. Raises `DeviceError`.
        """
        async with self._one_announcement:
            await self._activity.wait_until_idle()
            with self._activity.announcement(text):
                return await self._sounds.announce(audio, chime)

    def interrupt(self) -> None:
        """End the turn that runs, in any phase, or the announcement that plays."""
        if self._activity.turn is not None:
            self._activity.turn.cancel()
        elif self._activity.announcing:
            self.hush()

    def hush(self) -> None:
        """End what is said or rung, as "stop" or a button asks for."""
        self._timers.dismiss()
        turn = self._activity.turn
        if turn is not None and self._activity.phase == "speaking":
            turn.cancel()
        elif self._activity.announcing:
            self._sounds.stop_soon()
