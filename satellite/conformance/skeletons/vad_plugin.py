"""Skeleton, a voice detector: it takes loud frames for voice."""

from __future__ import annotations

import array
import sys
from typing import Annotated

from satellite.conformance import VadSample
from satellite.options import OptionSet, option
from satellite.values import SPEECH


class Skeleton:
    """Takes loud frames for voice."""

    class Options(OptionSet, frozen=True):
        """What counts as loud."""

        loudness: Annotated[int, option("Mean amplitude of a voice", minimum=1, maximum=32767)] = (
            500
        )

    frame_samples = 512
    """Samples (16 kHz) in one frame: 32 ms."""

    def __init__(self, options: Options) -> None:
        self._options = options

    @staticmethod
    def conformance_sample() -> VadSample:
        """Return speech without long pauses."""
        return VadSample(speech=b"\x00\x20\x00\xe0" * (SPEECH.rate // 2))

    def load(self) -> None:
        """Load the model here. Idempotent."""

    def probability(self, frame: bytes) -> float:
        """Return the probability, 0 to 1, that a frame of `frame_samples` holds speech."""
        samples = array.array("h", frame)
        if sys.byteorder == "big":
            samples.byteswap()  # audio is little-endian everywhere
        mean = sum(map(abs, samples)) / len(samples)
        return mean / (mean + self._options.loudness)

    def reset(self) -> None:
        """Forget earlier frames: each frame is judged by itself here."""
