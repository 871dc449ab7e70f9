"""The echo cancellers that tests/bench/echo_cancellation.py compares, behind one interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from satellite.audio.echo.canceller import EchoCanceller
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.values import SPEECH

FRAME = SPEECH.rate // 100
"""Samples (10 ms) that WebRTC works on at once; shorter frames would be filled up with silence."""


class Candidate(Protocol):
    """Cancels the echo in one stream of 16 kHz mono."""

    def process(self, audio: bytes) -> bytes:
        """Take the next samples, already counted by the reference; return the ready ones."""


class Nothing:
    """Passes the microphone's sound on."""

    def __init__(self, reference: PlaybackReference, latency: float) -> None:
        pass

    def process(self, audio: bytes) -> bytes:
        return audio


class HandWritten:
    """The product's, without a stored path: as at the first start in a room."""

    def __init__(self, reference: PlaybackReference, latency: float) -> None:
        self._canceller = EchoCanceller(reference)

    def process(self, audio: bytes) -> bytes:
        return self._canceller.process(audio)


class Aec3:
    """WebRTC's AEC3 by pywebrtc-audio. It is given the true latency (seconds), which a satellite
    would not know, and gives sound 8 ms late."""

    def __init__(self, reference: PlaybackReference, latency: float) -> None:
        from pywebrtc_audio import EchoCanceller as Webrtc

        self._canceller = Webrtc(SPEECH.rate, stream_delay_ms=round(1000 * latency))
        self._reference = reference
        self._waiting = b""

    def process(self, audio: bytes) -> bytes:
        self._waiting += audio
        position = self._reference.now - len(self._waiting) // 2
        cleaned = bytearray()
        while len(self._waiting) >= 2 * FRAME:
            near = np.frombuffer(self._waiting[: 2 * FRAME], "<i2")
            far = np.frombuffer(self._reference.take(position, FRAME), "<i2")
            cleaned += self._canceller.process(near, far).tobytes()
            self._waiting = self._waiting[2 * FRAME :]
            position += FRAME
        return bytes(cleaned)


CANDIDATES: dict[str, Callable[[PlaybackReference, float], Candidate]] = {
    "nothing": Nothing,
    "hand-written": HandWritten,
    "AEC3": Aec3,
}
"""By name; each is made of the reference and the echo's latency in seconds."""
