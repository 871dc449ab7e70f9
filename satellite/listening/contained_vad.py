"""A voice detector whose failures end nothing but its judgement."""

from __future__ import annotations

from satellite.lib.containment import Containment
from satellite.ports import Vad


class ContainedVad:
    """Any voice detector; a frame at which it fails, or that it judges nonsensically, is silence.

    It is called on the event loop for every frame, by the microphone's own task.
    """

    def __init__(self, vad: Vad) -> None:
        self._vad = vad
        self._containment = Containment("the voice detector")
        self.frame_samples = vad.frame_samples

    def load(self) -> None:
        """Load the model. Raises the errors of the detector: without it nothing can start."""
        self._vad.load()

    def probability(self, frame: bytes) -> float:
        """Return the probability of speech, 0 to 1."""
        with self._containment.swallowing():
            probability = float(self._vad.probability(frame))
            if not 0.0 <= probability <= 1.0:  # not a number is neither
                raise ValueError(f"its probability is {probability}, not 0 to 1")
            return probability
        return 0.0

    def reset(self) -> None:
        """Forget the sound before."""
        with self._containment.swallowing():
            self._vad.reset()
