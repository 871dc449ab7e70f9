"""The sounds that belong to no reply: cues, apologies, rings, announcements."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial

from satellite.audio.cues import CueName, Cues
from satellite.audio.playback import Playback, quieter
from satellite.errors import DeviceError, EngineError, EngineFailed, SatelliteError, WireError
from satellite.lib.containment import Containment
from satellite.lib.deadline import fallback_seconds, within
from satellite.ports import Tts
from satellite.settings import Settings
from satellite.text.quoted import quoted
from satellite.text.speakable import speakable
from satellite.timers.ringing import Ring
from satellite.turns.activity import Activity
from satellite.turns.own_sentences import own_sentences
from satellite.values import AudioChunk, SpeechRequest

_LOGGER = logging.getLogger(__name__)


class Sounds:
    """Plays cues and speech that belong to no reply."""

    def __init__(
        self, settings: Settings, tts: Tts, playback: Playback, activity: Activity
    ) -> None:
        self._settings = settings
        self._tts = tts
        self._playback = playback
        self._activity = activity
        self._cues = Cues(settings.cues.folder)
        self._tasks: asyncio.TaskGroup | None = None
        self._containment = Containment("a sound that belongs to no reply")

    async def run(self) -> None:
        """Run what `start_cue` and `stop_soon` start until cancelled; otherwise they do nothing."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                await asyncio.Event().wait()
        finally:
            self._tasks = None

    def start_cue(self, name: CueName) -> None:
        """Play a cue as `play_cue` does, without waiting for it."""
        if self._tasks is not None:
            play = partial(self.play_cue, name)
            self._tasks.create_task(self._containment.once(play), name=f"{name} sound")

    def stop_soon(self) -> None:
        """Silence what plays as `stop` does, without waiting for it."""
        if self._tasks is not None:
            self._tasks.create_task(self._containment.once(self.stop), name="stop sound")

    async def stop(self) -> None:
        """Silence what plays at once."""
        await self._playback.stop()

    async def play_cue(self, name: CueName) -> None:
        """Play a cue; a missing speaker is logged."""
        try:
            await self._playback.play_clip(self._cues.sound(name))
        except DeviceError as error:
            _LOGGER.warning("cannot play the %s sound: %s", name, error)

    async def apologise(
        self, reason: str, error: SatelliteError | None = None, language: str | None = None
    ) -> None:
        """Say that a stage failed, and why, or play the sound for it. Raises `DeviceError`.

        A request that was not understood has the sound only where nothing can be said.
        """
        if self._settings.cues.error and reason != "understand":
            await self._playback.play_clip(self._cues.sound("error"))
        own = own_sentences(language or self._settings.language)
        text = own.apology(reason, error)
        spoken = await self._say(text, own.language) if text else False
        if self._settings.cues.error and reason == "understand" and not spoken:
            await self._playback.play_clip(self._cues.sound("error"))

    async def ring(self, ring: Ring) -> None:
        """Ring once, after the words of the ring, as soon as no turn runs; a missing speaker is
        logged."""
        await self._activity.wait_until_idle()
        try:
            if ring.words:
                await self._say(ring.words, ring.language or self._settings.language)
            clip = self._cues.sound("timer")
            audio = quieter(clip.audio, ring.loudness)
            await self._playback.play_clip(AudioChunk(audio=audio, format=clip.format))
        except DeviceError as error:
            _LOGGER.warning("cannot play the timer sound: %s", error)

    async def announce(self, audio: AsyncIterator[AudioChunk], chime: bool) -> bool:
        """Play an announcement; return whether all of it was played. Raises `DeviceError`."""
        whole_played = False

        async def whole() -> AsyncGenerator[AudioChunk, None]:
            if chime:
                yield self._cues.sound("announce")
            async for chunk in audio:
                yield chunk
            nonlocal whole_played
            whole_played = True

        async with aclosing(whole()) as sound:
            await self._playback.play(sound)
        return whole_played

    async def _say(self, text: str, language: str) -> bool:
        """Say a text without its markup; return whether it was said to its end.

        An engine that fails is logged. Raises `DeviceError`.
        """
        if not (spoken := speakable(text)):
            return False
        request = SpeechRequest(text=spoken, language=language)
        limit = self._settings.deadlines.tts + fallback_seconds(self._tts)
        try:
            with self._containment.raising(EngineFailed):
                speech = within(self._tts.synthesize(request), limit, "text-to-speech")
                async with aclosing(speech):
                    await self._playback.play(speech)
        except (EngineError, WireError) as failure:
            _LOGGER.warning("cannot say %s: %s", quoted(text), failure)
            return False
        return True
