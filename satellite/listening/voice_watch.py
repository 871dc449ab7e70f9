"""An open microphone: what begins a request there is a voice, and no wake word."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable

from satellite.ports import Vad
from satellite.values import Detection, DetectRequest, EngineInfo

FRAMES = 3
"""Frames of voice in a row that begin a request: 0.1 s, more than a click has."""


class VoiceWatch:
    """A wake engine without wake words, which calls `on_voice` when a person speaks."""

    def __init__(
        self,
        vad: Vad,
        threshold: float,
        on_voice: Callable[[], object],
        frames: Callable[[], int] = lambda: FRAMES,
    ) -> None:
        """`vad`: a detector that nothing else uses; `threshold`: see `listen.threshold`; `frames`:
        the frames of voice in a row that are noticed now."""
        self._vad = vad
        self._threshold = threshold
        self._on_voice = on_voice
        self._frames = frames

    async def load(self) -> None:
        """Do nothing: its detector is loaded."""

    def describe(self) -> EngineInfo:
        return EngineInfo(name="voice", description="Any voice begins a request")

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        """Read the sound to its end; yields nothing."""
        size, rest, voiced, noticed = 2 * self._vad.frame_samples, b"", 0, False
        self._vad.reset()
        async for chunk in audio:
            rest += chunk
            while len(rest) >= size:
                frame, rest = rest[:size], rest[size:]
                voice = self._vad.probability(frame) >= self._threshold
                voiced = voiced + 1 if voice else 0
                noticed = noticed and voice
                if not noticed and voiced >= self._frames():
                    noticed = True
                    self._on_voice()
        nothing: tuple[Detection, ...] = ()
        for detection in nothing:
            yield detection

    async def close(self) -> None:
        """Do nothing."""
