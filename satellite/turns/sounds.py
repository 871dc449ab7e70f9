"""What the satellite makes heard of its own accord: cues, apologies, announcements."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from satellite.audio.cues import CueName, Cues
from satellite.audio.playback import Playback, quieter
from satellite.errors import DeviceError, EngineError, SatelliteError, WireError
from satellite.lib.deadline import within
from satellite.ports import Tts
from satellite.settings import Settings
from satellite.timers.ringing import Ring
from satellite.turns.apologies import apology
from satellite.values import AudioChunk, SpeechRequest

_LOGGER = logging.getLogger(__name__)


class Sounds:
    """Plays cues and speech that belong to no answer."""

    def __init__(self, settings: Settings, tts: Tts, playback: Playback) -> None:
        self._settings = settings
        self._tts = tts
        self._playback = playback
        self._cues = Cues(settings.cues.folder)

    async def signal(self, name: CueName) -> None:
        """Play a cue; a speaker that is not there is logged."""
        try:
            await self._playback.play_clip(self._cues.of(name))
        except DeviceError as error:
            _LOGGER.warning("no %s sound: %s", name, error)

    async def apologise(self, reason: str, error: SatelliteError | None = None) -> None:
        """Say that it did not work, and why, or make the sound for it. Raises `DeviceError`."""
        if self._settings.cues.error and reason != "understand":
            await self._playback.play_clip(self._cues.of("error"))
        if text := apology(reason, error):
            await self._say(text)

    async def ring(self, ring: Ring) -> None:
        """Ring once, after what is to be said; a speaker that is not there is logged."""
        try:
            if ring.words:
                await self._say(ring.words)
            clip = self._cues.of("timer")
            audio = quieter(clip.audio, ring.loudness)
            await self._playback.play_clip(AudioChunk(audio=audio, format=clip.format))
        except DeviceError as error:
            _LOGGER.warning("no timer sound: %s", error)

    async def announce(self, audio: AsyncIterator[AudioChunk], chime: bool) -> bool:
        """Play what was not asked for; say whether all of it was played.

        A speaker that is not there is logged.
        """
        whole_played = False

        async def whole() -> AsyncGenerator[AudioChunk, None]:
            if chime:
                yield self._cues.of("announce")
            async for chunk in audio:
                yield chunk
            nonlocal whole_played
            whole_played = True

        try:
            async with aclosing(whole()) as sound:
                await self._playback.play(sound)
        except DeviceError as error:
            _LOGGER.warning("an announcement was not heard: %s", error)
            return False
        return whole_played

    async def _say(self, text: str) -> None:
        """Say an English text; one that cannot be spoken is logged. Raises `DeviceError`."""
        request = SpeechRequest(text=text, language="en")
        limit = self._settings.deadlines.tts
        speech = within(self._tts.synthesize(request), limit, "text-to-speech")
        try:
            async with aclosing(speech):
                await self._playback.play(speech)
        except (EngineError, WireError) as failure:
            _LOGGER.warning("cannot say %r: %s", text, failure)
        except DeviceError:
            raise
        except Exception:
            _LOGGER.exception("unexpected error while saying %r", text)
