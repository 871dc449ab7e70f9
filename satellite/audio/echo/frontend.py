"""The sound front end: a microphone's sound without echo and noise, and as loud as configured."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.audio.echo.server_aec import cancelling_source
from satellite.audio.echo.stored_path import StoredPath
from satellite.audio.tap import Source
from satellite.lib.persistence import StoredValue
from satellite.settings import SoundSettings

if TYPE_CHECKING:
    from satellite.audio.echo.canceller import EchoCanceller
    from satellite.audio.echo.noise import NoiseReducer

_LOGGER = logging.getLogger(__name__)


class FrontEnd:
    """Cancels the echo of our own speaker, suppresses noise, and applies gain.

    Sound may be delayed by up to 32 ms; no sample is lost or added, so that positions hold.
    """

    def __init__(
        self,
        source: Source,
        reference: PlaybackReference,
        settings: SoundSettings,
        store: StoredValue[StoredPath] | None = None,
    ) -> None:
        """`reference` is advanced by the samples that the microphone gives; `store` holds the echo
        path over a restart. Raises `PackageMissing`."""
        self._store = store
        self._source = source
        self._reference = reference
        self._volume = settings.mic_volume
        self._cancels = settings.echo_cancellation
        self._echo: EchoCanceller | None = None
        self._levels = (settings.noise_suppression, settings.auto_gain)
        self._cleaner = _cleaner(*self._levels)
        self._rest = b""
        """The sound that a former cleaner had not given back."""

    async def settle(self) -> None:
        """Leave echo cancellation to the sound server where we record from a source that does it.

        To be called when the microphone is open.
        """
        if self._cancels and (name := await cancelling_source()):
            _LOGGER.info("the sound server cancels the echo (%s); ours is off", name)
            self._cancels = False

    def amplify(self, volume: float) -> None:
        """Multiply the sound by another factor from now on."""
        self._volume = volume

    async def clean_by(self, noise_suppression: int, auto_gain: float) -> None:
        """Suppress noise and amplify quiet voices by other levels from now on.

        Raises `PackageMissing`.
        """
        if (noise_suppression, auto_gain) == self._levels:
            return
        cleaner = await asyncio.to_thread(_cleaner, noise_suppression, auto_gain)
        if self._cleaner is not None:
            self._rest += self._cleaner.take_rest()
        self._cleaner, self._levels = cleaner, (noise_suppression, auto_gain)

    @property
    def finished(self) -> bool:
        """Whether a source with an end has reached it."""
        return self._source.finished

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Yield 16 kHz mono. Raises the source's errors; closing this closes the source."""
        async with aclosing(self._source.frames()) as frames:
            async for audio in frames:
                if cleaned := self._clean(audio):
                    yield cleaned

    def _clean(self, audio: bytes) -> bytes:
        reference = self._reference
        reference.advance(len(audio) // 2)
        if self._cancels:
            audio = self._canceller().process(audio)
        audio, self._rest = self._rest + audio, b""
        if self._cleaner is not None:
            audio = self._cleaner.process(audio)
        return louder(audio, self._volume) if self._volume != 1.0 else audio

    def _canceller(self) -> EchoCanceller:
        """Return the canceller, made with the first sound: NumPy takes 15 MB and 0.05 s."""
        if self._echo is None:
            from satellite.audio.echo.canceller import EchoCanceller  # see above

            self._echo = EchoCanceller(self._reference, self._store)
        return self._echo


def _cleaner(noise_suppression: int, auto_gain: float) -> NoiseReducer | None:
    """Return what suppresses noise and amplifies quiet voices; None where neither is wanted."""
    if not (noise_suppression or auto_gain):
        return None
    from satellite.audio.echo.noise import NoiseReducer  # NumPy: tests/test_light.py

    return NoiseReducer(noise_suppression, auto_gain)


def louder(audio: bytes, volume: float) -> bytes:
    """Multiply s16le samples by a factor, clipping the result."""
    import numpy as np

    values = np.frombuffer(audio, "<i2").astype(np.float32) * volume
    return bytes(np.clip(np.rint(values), -32768, 32767).astype("<i2").tobytes())
