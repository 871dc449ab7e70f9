"""The sound of one utterance: what of it is voice, and which windows it makes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from servers.asr.whisper import windows
from servers.asr.whisper.speech_detection import BLOCK, FRAME, Detector, Floats, Spans
from servers.asr.whisper.windows import Window

PIECE = BLOCK * FRAME
"""Samples taken at once: 256 ms."""
_FULL_SCALE = 32768

Samples = npt.NDArray[np.int16]


class Hearing:
    """Takes samples and keeps those that may still be needed, little more than half a minute."""

    def __init__(self, detector: Detector, threshold: float, minimum: int) -> None:
        """`minimum`: samples of voice that count."""
        self._detector = detector
        self._spans = Spans(threshold, minimum)
        self._kept: Samples = np.zeros(0, np.int16)
        self._first = 0
        self._probabilities: list[float] = []
        self._begin = 0

    @property
    def now(self) -> int:
        """Samples heard so far."""
        return self._spans.now

    @property
    def quiet(self) -> int:
        """Samples since the last voice; 0 while there is one, or none yet."""
        return self._spans.quiet

    def hear(self, audio: bytes) -> list[tuple[Window, Floats]]:
        """Take whole pieces of `PIECE` samples, and at the end what is left. Blocks.

        Returns the windows that are closed now, with their sound. It takes a millisecond for each
        piece. What half a sample there is at the end is dropped.
        """
        found = []
        samples: Samples = np.frombuffer(audio[: len(audio) // 2 * 2], "<i2").astype(np.int16)
        for start in range(0, len(samples), PIECE):
            self._add(samples[start : start + PIECE])
            while (window := self._closed()) is not None:
                found.append((window, self.samples(window)))
                self._begin = window.end
            self._forget()
        return found

    def _add(self, samples: Samples) -> None:
        whole = np.zeros(PIECE, np.float32)
        whole[: len(samples)] = samples.astype(np.float32) / _FULL_SCALE
        self._kept = np.concatenate((self._kept, samples))
        frames = -(-len(samples) // FRAME)
        for probability in self._detector.judge(whole)[:frames]:
            self._probabilities.append(probability)
            self._spans.add(probability)

    def last(self) -> Window | None:
        """The window at the end, if the sound ended here; None without a voice in it."""
        return windows.last(self._spans.all(), self._begin, self._end)

    def samples(self, window: Window) -> Floats:
        """The sound of a window, -1 to 1."""
        cut = self._kept[window.start - self._first : window.end - self._first]
        return cut.astype(np.float32) / np.float32(_FULL_SCALE)

    def _closed(self) -> Window | None:
        return windows.closed(
            self._spans.all(), self._begin, self.now, self._probabilities, self._first
        )

    @property
    def _end(self) -> int:
        return self._first + len(self._kept)

    def _forget(self) -> None:
        """Let go of the sound before the voice, and before the window that is open."""
        self._spans.forget(self._begin)
        window = self.last()
        earliest = window.start if window else max(self._begin, self.now - windows.RATE)
        frames = max(0, earliest - self._first) // FRAME
        del self._probabilities[:frames]
        self._kept = self._kept[frames * FRAME :]
        self._first += frames * FRAME
