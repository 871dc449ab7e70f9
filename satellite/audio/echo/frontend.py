"""The front end itself: a source of sound, cleaned for those who listen to it."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.audio.echo.server_aec import canceller
from satellite.audio.echo.stored_path import StoredPath
from satellite.lib.persistence import StoredValue
from satellite.settings import SoundSettings

if TYPE_CHECKING:
    from satellite.audio.echo.canceller import EchoCanceller
    from satellite.audio.echo.noise import NoiseReducer

_LOGGER = logging.getLogger(__name__)


class Source(Protocol):
    """What is cleaned: see `satellite.audio.capture.Capture`."""

    @property
    def finished(self) -> bool: ...

    def frames(self) -> AsyncGenerator[bytes, None]: ...


class FrontEnd:
    """Takes our own speaker out of the sound, then noise, and makes it as loud as is wanted.

    Sound may be held back by up to 32 ms; none is lost or added, so that positions stay.
    """

    def __init__(
        self,
        source: Source,
        reference: PlaybackReference,
        settings: SoundSettings,
        kept: StoredValue[StoredPath] | None = None,
    ) -> None:
        """`reference` is told how much was heard; what is learned of the room is remembered by
        `kept`. Raises `PackageMissing`."""
        self._kept = kept
        self._source = source
        self._reference = reference
        self._volume = settings.mic_volume
        self._cancels = settings.echo_cancellation
        self._echo: EchoCanceller | None = None
        self._cleaner: NoiseReducer | None = None
        if settings.noise_suppression or settings.auto_gain:
            from satellite.audio.echo.noise import NoiseReducer

            self._cleaner = NoiseReducer(settings.noise_suppression, settings.auto_gain)

    async def settle(self) -> None:
        """Leave our own speaker to the sound server, where it takes it out of what we record.

        For when the microphone is open.
        """
        if self._cancels and (name := await canceller()):
            _LOGGER.info("echo is cancelled by the sound server (%s), and not here", name)
            self._cancels = False

    @property
    def finished(self) -> bool:
        """Whether a source with an end has reached it."""
        return self._source.finished

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield 16 kHz mono. Raises what the source raises; closing this closes the source."""
        async with aclosing(self._source.frames()) as frames:
            async for audio in frames:
                if cleaned := self._clean(audio):
                    yield cleaned

    def _clean(self, audio: bytes) -> bytes:
        reference = self._reference
        reference.hear(len(audio) // 2)
        if self._cancels:
            audio = self._canceller().process(audio)
        if self._cleaner is not None:
            audio = self._cleaner.process(audio)
        return louder(audio, self._volume) if self._volume != 1.0 else audio

    def _canceller(self) -> EchoCanceller:
        """Made with the first sound: a microphone that is not listened to needs none."""
        if self._echo is None:
            from satellite.audio.echo.canceller import EchoCanceller

            self._echo = EchoCanceller(self._reference, self._kept)
        return self._echo


def louder(audio: bytes, volume: float) -> bytes:
    """Multiply s16le samples, clipping those that become too large."""
    import numpy as np

    values = np.frombuffer(audio, "<i2").astype(np.float32) * volume
    return bytes(np.clip(np.rint(values), -32768, 32767).astype("<i2").tobytes())
