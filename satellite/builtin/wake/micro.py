"""microWakeWord's way to hear: sound -> 40 spectral features each 10 ms -> a score each 30 ms.

The networks remember what they heard, so every stream has its own; a stream's score is the mean of
the network's last few answers (`sliding_window_size` of its description).
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
from satellite.builtin.wake.tflite import Model, Network
from satellite.builtin.wake.trigger import Trigger
from satellite.errors import EngineFailed
from satellite.values import Detection

_LOGGER = logging.getLogger(__name__)

STEP = 160
"""Samples (10 ms) from one frame of features to the next."""

_STEP_BYTES = 2 * STEP
_FEATURES = 40

Frame = tuple[list[float], int]
"""Features of 10 ms, and the sample at which they end."""

_FEW = 3
"""Words of which it takes less to hear them than to ask a thread to."""

CONTEXT = 40000
"""Samples after which the networks and the front end have forgotten what went before, as good as:
the front end's noise estimate has a memory of 0.4 s, the networks' layers one of under 2 s."""


class Tuning(msgspec.Struct, frozen=True):
    """The part `micro` of a model's description."""

    probability_cutoff: float
    sliding_window_size: int


class Description(msgspec.Struct, frozen=True):
    """A model's JSON file, as ESPHome's models have it; what is not needed here is left out."""

    wake_word: str
    model: str
    micro: Tuning
    trained_languages: tuple[str, ...] = ()
    version: int = 0
    author: str = ""


def read_descriptions(files: Mapping[str, WordFile]) -> dict[str, Description]:
    """Read models' JSON files; one that is something else is left out, with a warning."""
    found = {}
    for name, file in files.items():
        try:
            found[name] = msgspec.json.decode(file.path.read_bytes(), type=Description)
        except (msgspec.DecodeError, OSError) as error:
            _LOGGER.warning("%s is not a microWakeWord model's description: %s", file.path, error)
    return found


class Word:
    """A wake word's model and what is known of it."""

    def __init__(self, name: str, description: Description, model: Model) -> None:
        self.name = name
        self.description = description
        self.model = model

    @property
    def phrase(self) -> str:
        """What one says."""
        return self.description.wake_word.lower()


class WordDetector:
    """One word in one stream: its network, its last answers, its trigger."""

    def __init__(self, word: Word, trigger: Trigger) -> None:
        """Prepare. Raises `EngineFailed` where the model is not one of microWakeWord's."""
        self.word = word
        self._trigger = trigger
        self._network = Network(word.model)
        shape = self._network.input_shape
        if len(shape) != 3 or shape[2] != _FEATURES or not self._network.input.scale:
            raise EngineFailed(
                f"{word.model.path} is not a microWakeWord model: it takes {shape}, not quantized "
                f"(1, frames, {_FEATURES})"
            )
        self._stride = shape[1]
        limits = np.iinfo(self._network.input.dtype)
        self._limits = limits.min, limits.max
        self._frames: list[Frame] = []
        self._left_over = 0
        """Frames to come that go with some that were left out."""
        self._answers: deque[float] = deque(maxlen=word.description.micro.sliding_window_size)

    def hear(self, frames: Sequence[Frame]) -> list[Detection]:
        """Take the next frames; say where among them the word was heard."""
        return [
            Detection(word=self.word.name, score=score, sample=sample, phrase=self.word.phrase)
            for score, sample in self.scores(frames)
            if self._trigger.heard(score, sample)
        ]

    def scores(self, frames: Sequence[Frame]) -> list[tuple[float, int]]:
        """Take the next frames; say how sure it is after each few of them, 0 to 1, and where."""
        self._frames += frames[self._left_over :]
        self._left_over = max(0, self._left_over - len(frames))
        count = len(self._frames) // self._stride
        if not count:
            return []
        taken = self._frames[: count * self._stride]
        del self._frames[: count * self._stride]
        output, found = self._network.output, []
        for given, (_, sample) in zip(
            self._quantized(taken), taken[self._stride - 1 :: self._stride], strict=True
        ):
            answer = float(self._network.run(given).item())
            self._answers.append((answer - output.zero_point) * output.scale)
            if len(self._answers) == self._answers.maxlen:
                found.append((sum(self._answers) / len(self._answers), sample))
        return found

    def skip(self, frames: int) -> None:
        """So many frames were left out: those that it takes together stay the same ones."""
        self._trigger.forget()
        begun = len(self._frames) - self._left_over + frames
        self._frames.clear()
        self._left_over = -begun % self._stride

    def _quantized(self, frames: Sequence[Frame]) -> npt.NDArray[Any]:
        """As the network takes them, a few of the frames in each row."""
        given = self._network.input
        features = np.array([features for features, _ in frames])
        quantized = np.rint(features / given.scale + given.zero_point).clip(*self._limits)
        rows: npt.NDArray[Any] = quantized.astype(given.dtype).reshape(-1, *given.shape)
        return rows


class MicroFeatureExtractor:
    """One audio stream being listened to."""

    def __init__(
        self,
        frontend: Callable[[bytes], tuple[list[float], int]],
        listeners: Sequence[WordDetector],
    ) -> None:
        """`frontend` takes 10 ms of sound; gives features, or none yet, and the samples it took."""
        self._frontend = frontend
        self._listeners = listeners
        self._heard = 0

    @property
    def context(self) -> int:
        """Samples of the past on which its answers depend."""
        return CONTEXT

    def peak(self, audio: bytes) -> float:
        """Take a whole number of 10 ms; return the highest score of any word in them."""
        frames = self._frames(audio)
        scores = (score for listener in self._listeners for score, _ in listener.scores(frames))
        return max(scores, default=0.0)

    def skip(self, samples: int) -> None:
        """Leave out the next samples."""
        self._heard += samples
        for listener in self._listeners:
            listener.skip(samples // STEP)

    def recall(self, audio: bytes) -> None:
        """Take a whole number of 10 ms in without judging."""
        frames = self._frames(audio)
        for listener in self._listeners:
            listener.scores(frames)

    def hear(self, audio: bytes) -> list[Detection]:
        """Take a whole number of 10 ms; say which words were heard, and where."""
        frames = self._frames(audio)
        found = (detection for each in self._listeners for detection in each.hear(frames))
        return sorted(found, key=lambda detection: detection.sample)

    def glance(self, audio: bytes) -> list[Detection] | None:
        """The same for a few words, whose networks take less than a millisecond for 0.16 s."""
        return self.hear(audio) if len(self._listeners) <= _FEW else None

    def _frames(self, audio: bytes) -> list[Frame]:
        found = []
        for start in range(0, len(audio), _STEP_BYTES):
            features, _ = self._frontend(audio[start : start + _STEP_BYTES])
            self._heard += STEP
            if features:
                found.append((features, self._heard))
        return found
