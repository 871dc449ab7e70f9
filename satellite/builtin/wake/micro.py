"""microWakeWord's pipeline: sound -> 40 spectral features each 10 ms -> a score each 30 ms.

The networks are stateful, so every stream has its own; a stream's score is the mean of the
network's last few outputs (`sliding_window_size` of its description).
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from satellite.builtin.wake.bundled_models import WordFile
from satellite.builtin.wake.tflite import TfLiteModel, TfLiteNetwork
from satellite.builtin.wake.trigger import Trigger
from satellite.errors import EngineFailed
from satellite.lib import text_files
from satellite.lib.decoding import from_json
from satellite.values import Detection

_LOGGER = logging.getLogger(__name__)

STEP = 160
"""Samples (10 ms) from one frame of features to the next."""

_STEP_BYTES = 2 * STEP
_FEATURES = 40

Frame = tuple[list[float], int]
"""Features of 10 ms, and the sample at which they end."""

_FEW = 3
"""Words up to which the networks take less time than a thread switch."""

CONTEXT = 40000
"""Samples after which the state of the networks and the front end hardly depends on the past: the
front end's noise estimate has a memory of 0.4 s, the networks' layers one of under 2 s."""


class Tuning(msgspec.Struct, frozen=True):
    """The section `micro` of a model's description."""

    probability_cutoff: float
    sliding_window_size: int


class ModelDescription(msgspec.Struct, frozen=True):
    """A model's JSON file, in ESPHome's format; unused fields are left out."""

    wake_word: str
    model: str
    micro: Tuning
    trained_languages: tuple[str, ...] = ()
    version: int = 0
    author: str = ""


def read_descriptions(files: Mapping[str, WordFile]) -> dict[str, ModelDescription]:
    """Read models' JSON files; skip invalid ones with a warning."""
    found = {}
    for name, file in files.items():
        try:
            found[name] = from_json(text_files.read_text(file.path), ModelDescription)
        except (ValueError, OSError) as error:
            _LOGGER.warning("%s is not a microWakeWord model's description: %s", file.path, error)
    return found


class MicroWord:
    """A wake word's model and description."""

    def __init__(self, name: str, description: ModelDescription, model: TfLiteModel) -> None:
        self.name = name
        self.description = description
        self.model = model

    @property
    def phrase(self) -> str:
        """The spoken phrase."""
        return self.description.wake_word.lower()


class WordDetector:
    """The detector of one word in one stream: network, recent outputs and trigger."""

    def __init__(self, word: MicroWord, trigger: Trigger) -> None:
        """Raises `EngineFailed` for a model that is not one of microWakeWord's."""
        self.word = word
        self._trigger = trigger
        self._network = TfLiteNetwork(word.model)
        shape = self._network.input_shape
        if len(shape) != 3 or shape[2] != _FEATURES or not self._network.input.scale:
            raise EngineFailed(
                f"{word.model.path} is not a microWakeWord model: its input is "
                f"({', '.join(map(str, shape))}), not quantized (1, frames, {_FEATURES})"
            )
        self._stride = shape[1]
        limits = np.iinfo(self._network.input.dtype)
        self._limits = limits.min, limits.max
        self._frames: list[Frame] = []
        self._to_drop = 0
        """Next frames to drop, since they belong to a stride whose beginning was skipped."""
        self._outputs: deque[float] = deque(maxlen=word.description.micro.sliding_window_size)

    def process(self, frames: Sequence[Frame]) -> list[Detection]:
        """Take the next frames; return the detections among them."""
        return [
            Detection(word=self.word.name, score=score, sample=sample, phrase=self.word.phrase)
            for score, sample in self.scores(frames)
            if self._trigger.detect(score, sample)
        ]

    def scores(self, frames: Sequence[Frame]) -> list[tuple[float, int]]:
        """Take the next frames; return a score (0 to 1) and its sample for each stride of them."""
        self._frames += frames[self._to_drop :]
        self._to_drop = max(0, self._to_drop - len(frames))
        count = len(self._frames) // self._stride
        if not count:
            return []
        taken = self._frames[: count * self._stride]
        del self._frames[: count * self._stride]
        output, found = self._network.output, []
        for row, (_, sample) in zip(
            self._quantized(taken), taken[self._stride - 1 :: self._stride], strict=True
        ):
            value = float(self._network.run(row).item())
            self._outputs.append((value - output.zero_point) * output.scale)
            if len(self._outputs) == self._outputs.maxlen:
                found.append((sum(self._outputs) / len(self._outputs), sample))
        return found

    def pause(self) -> None:
        """Report a near miss."""
        self._trigger.pause()

    def skip(self, frames: int) -> None:
        """Skip frames; strides stay aligned with the stream."""
        self._trigger.reset()
        begun = len(self._frames) - self._to_drop + frames
        self._frames.clear()
        self._to_drop = -begun % self._stride

    def _quantized(self, frames: Sequence[Frame]) -> npt.NDArray[Any]:
        """Return frames as the network's inputs, a stride of them in each row."""
        tensor = self._network.input
        features = np.array([features for features, _ in frames])
        quantized = np.rint(features / tensor.scale + tensor.zero_point).clip(*self._limits)
        rows: npt.NDArray[Any] = quantized.astype(tensor.dtype).reshape(-1, *tensor.shape)
        return rows


class MicroStream:
    """One audio stream, with the detectors of its words."""

    def __init__(
        self,
        frontend: Callable[[bytes], tuple[list[float], int]],
        detectors: Sequence[WordDetector],
    ) -> None:
        """`frontend` takes 10 ms of sound; returns features, if any yet, and the samples taken."""
        self._frontend = frontend
        self._detectors = detectors
        self._position = 0

    @property
    def context(self) -> int:
        """Samples of the past on which its scores depend."""
        return CONTEXT

    def best_score(self, audio: bytes) -> float:
        """Take a whole number of 10 ms; return the highest score of any word in them."""
        frames = self._frames(audio)
        scores = (score for detector in self._detectors for score, _ in detector.scores(frames))
        return max(scores, default=0.0)

    def skip(self, samples: int) -> None:
        """Skip the next samples."""
        self._position += samples
        for detector in self._detectors:
            detector.skip(samples // STEP)

    def pause(self) -> None:
        """Report near misses."""
        for detector in self._detectors:
            detector.pause()

    def prime(self, audio: bytes) -> None:
        """Take a whole number of 10 ms without scoring."""
        frames = self._frames(audio)
        for detector in self._detectors:
            detector.scores(frames)

    def process(self, audio: bytes) -> list[Detection]:
        """Take a whole number of 10 ms; return the detections, in order."""
        frames = self._frames(audio)
        found = (detection for each in self._detectors for detection in each.process(frames))
        return sorted(found, key=lambda detection: detection.sample)

    def process_at_once(self, audio: bytes) -> list[Detection] | None:
        """Process at once for a few words, whose networks take under 1 ms for 0.16 s of sound."""
        return self.process(audio) if len(self._detectors) <= _FEW else None

    def _frames(self, audio: bytes) -> list[Frame]:
        found = []
        for start in range(0, len(audio), _STEP_BYTES):
            features, _ = self._frontend(audio[start : start + _STEP_BYTES])
            self._position += STEP
            if features:
                found.append((features, self._position))
        return found
