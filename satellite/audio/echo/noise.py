"""WebRTC's noise suppression and automatic gain, by pywebrtc-audio."""

from __future__ import annotations

import numpy as np

from satellite.errors import PackageMissing
from satellite.requirements import Package

REQUIRES = Package("pywebrtc_audio", extra="sound")

_FRAME = 320
"""Bytes (10 ms) that WebRTC works on at once; shorter frames would be padded with silence."""


class NoiseReducer:
    """Suppresses noise in one stream of sound, and amplifies a quiet voice."""

    def __init__(self, noise_suppression: int, auto_gain: float) -> None:
        """Suppress noise by a level of 1 to 4 (6, 12, 18 or 21 dB; 0 is off), and amplify a quiet
        voice by up to `auto_gain` dB. Raises `PackageMissing`."""
        if hint := REQUIRES.missing():
            raise PackageMissing(f"sound.noise_suppression and sound.auto_gain: {hint}")
        from pywebrtc_audio import AudioProcessor

        self._processor = AudioProcessor(
            noise_suppression=noise_suppression > 0,
            ns_level=max(0, noise_suppression - 1),
            auto_gain_control=auto_gain > 0,
            agc_max_gain_db=auto_gain,
        )
        self._waiting = b""

    def process(self, audio: bytes) -> bytes:
        """Take the next samples, 16 kHz mono; return those that are ready."""
        audio = self._waiting + audio
        whole = len(audio) - len(audio) % _FRAME
        self._waiting = audio[whole:]
        if not whole:
            return b""
        cleaned: bytes = self._processor.process(np.frombuffer(audio[:whole], "<i2")).tobytes()
        return cleaned

    def take_rest(self) -> bytes:
        """Return the samples that wait for the end of a frame; they are not processed any more."""
        rest, self._waiting = self._waiting, b""
        return rest
