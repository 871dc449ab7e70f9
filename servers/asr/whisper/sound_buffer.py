"""The sound of one utterance, its voiced parts, and its windows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from servers.asr.whisper import windows
from servers.asr.whisper.speech_detection import BLOCK, FRAME, Detector, Floats, Spans
from servers.asr.whisper.windows import Window

BLOCK_SAMPLES = BLOCK * FRAME
"""Samples processed at once: 256 ms."""
_FULL_SCALE = 32768

Samples = npt.NDArray[np.int16]


class SoundBuffer:
    """Collects samples and drops those no longer needed; holds little more than half a minute."""

    def __init__(
        self, detector: Detector, threshold: float, minimum: int, block: int = BLOCK_SAMPLES
    ) -> None:
        """`minimum`: fewest samples of a voice; `block`: samples that are processed at once."""
        self.block = block
        self._detector = detector
        self._spans = Spans(threshold, minimum)
        self._samples: Samples = np.zeros(0, np.int16)
        self._first = 0
        self._probabilities: list[float] = []
        self._window_start = 0

    @property
    def now(self) -> int:
        """Samples processed so far."""
        return self._spans.now

    @property
    def quiet(self) -> int:
        """Samples since the last voice; 0 during a voice and before the first one."""
        return self._spans.quiet

    def add(self, audio: bytes) -> list[tuple[Window, Floats]]:
        """Add blocks of `block` samples, or at the end the rest of the sound. Blocks.

        Returns the windows that are closed now, with their sound. Takes a millisecond per block.
        Drops half a sample at the end.
        """
        found = []
        samples: Samples = np.frombuffer(audio[: len(audio) // 2 * 2], "<i2").astype(np.int16)
        for start in range(0, len(samples), self.block):
            self._add_block(samples[start : start + self.block])
            while (window := self._closed()) is not None:
                found.append((window, self.samples(window)))
                self._window_start = window.end
            self._drop_old()
        return found

    def _add_block(self, samples: Samples) -> None:
        block = np.zeros(self.block, np.float32)
        block[: len(samples)] = samples.astype(np.float32) / _FULL_SCALE
        self._samples = np.concatenate((self._samples, samples))
        frames = -(-len(samples) // FRAME)
        for probability in self._detector.judge(block)[:frames]:
            self._probabilities.append(probability)
            self._spans.add(probability)

    def last(self) -> Window | None:
        """Return the last window as if the sound ended here; None without a voice in it."""
        return windows.last(self._spans.all(), self._window_start, self._end)

    def samples(self, window: Window) -> Floats:
        """Return the sound of a window, -1 to 1, after its silence."""
        cut = self._samples[window.start - self._first : window.end - self._first]
        voice = cut.astype(np.float32) / np.float32(_FULL_SCALE)
        return np.concatenate((np.zeros(window.silence, np.float32), voice))

    def _closed(self) -> Window | None:
        return windows.closed(
            self._spans.all(), self._window_start, self.now, self._probabilities, self._first
        )

    @property
    def _end(self) -> int:
        return self._first + len(self._samples)

    def _drop_old(self) -> None:
        """Drop the sound before the voice and before the open window."""
        self._spans.drop(self._window_start)
        window = self.last()
        earliest = window.start if window else max(self._window_start, self.now - windows.RATE)
        frames = max(0, earliest - self._first) // FRAME
        del self._probabilities[:frames]
        self._samples = self._samples[frames * FRAME :]
        self._first += frames * FRAME
