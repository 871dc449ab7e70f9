"""openWakeWord's way to hear: sound -> mel spectrogram -> speech embeddings -> a score per word.

    1760 samples (110 ms, 480 of them from the hop before)
      -> 8 mel frames of 32 bands, one each 10 ms
      -> with the 68 frames before: 96 numbers, Google's speech embedding
      -> with the 15 embeddings before (as many as the word's network takes): a score, 0 to 1

Shapes, and the scaling of mel values between the two networks: openWakeWord's
`openwakeword/utils.py`. The first two networks are the same for all words, and run once a hop.
All networks are shared by all streams; what a stream has heard is its own (about 16 KB).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from satellite.builtin.wake.engine import HOP
from satellite.builtin.wake.trigger import Trigger
from satellite.errors import EngineFailed
from satellite.values import Detection

OVERLAP = 480
"""Samples of the hop before that the mel network sees again: three steps of 10 ms."""

MEL_INPUT = (1, OVERLAP + HOP)
_MEL_FRAMES = 8
_MEL_BANDS = 32
_EMBEDDING_FRAMES = 76
EMBEDDING_INPUT = (1, _EMBEDDING_FRAMES, _MEL_BANDS, 1)
_EMBEDDING_SIZE = 96

Floats = npt.NDArray[np.float32]


class Network(Protocol):
    """A network of any runtime."""

    @property
    def input_shape(self) -> tuple[Any, ...]:
        """Shape of what it takes."""

    @property
    def output_shape(self) -> tuple[Any, ...]:
        """Shape of what it gives."""

    def run(self, values: Floats) -> Floats:
        """Run once."""


class Word:
    """A wake word's network."""

    def __init__(self, name: str, phrase: str, network: Network) -> None:
        """Take `network` (1, windows, 96) -> (1, 1). Raises `EngineFailed` for any other."""
        shape = network.input_shape
        if len(shape) != 3 or shape[2] != _EMBEDDING_SIZE or not isinstance(shape[1], int):
            raise EngineFailed(
                f"{name} is not an openWakeWord model: it takes {shape}, "
                f"not (1, windows, {_EMBEDDING_SIZE})"
            )
        if (outputs := network.output_shape[-1]) != 1:
            raise EngineFailed(
                f"{name} tells {outputs} things apart; a wake word model gives one score"
            )
        self.name = name
        self.phrase = phrase
        self.windows = shape[1]
        self._network = network

    def score(self, embeddings: Floats) -> float:
        """How sure it is, 0 to 1, given at least `windows` embeddings, the newest last."""
        return float(self._network.run(embeddings[None, -self.windows :]).item())


class Features:
    """The two networks that all words share."""

    def __init__(self, mel: Network, embedding: Network) -> None:
        self._mel = mel
        self._embedding = embedding
        quiet = self.mels(np.zeros(OVERLAP + HOP, np.float32))
        self.quiet_mels = np.resize(quiet, (_EMBEDDING_FRAMES, _MEL_BANDS))
        """What 76 frames of silence look like."""
        self.quiet_embedding = self.embedding(self.quiet_mels)
        """What silence sounds like."""

    def mels(self, samples: Floats) -> Floats:
        """Mel frames (8, 32) of 1760 samples in 16-bit range."""
        raw = self._mel.run(samples[None])
        return raw.reshape(_MEL_FRAMES, _MEL_BANDS) / np.float32(10) + np.float32(2)

    def embedding(self, mels: Floats) -> Floats:
        """Speech embedding (96) of 76 mel frames."""
        return self._embedding.run(mels[None, :, :, None]).reshape(_EMBEDDING_SIZE)


class FeatureExtractor:
    """One audio stream being listened to; it begins as if silence had gone before."""

    def __init__(self, features: Features, words: Sequence[tuple[Word, Trigger]]) -> None:
        self._features = features
        self._words = words
        self._samples = np.zeros(OVERLAP + HOP, np.float32)
        self._mels = features.quiet_mels.copy()
        longest = max((word.windows for word, _ in words), default=1)
        self._embeddings = np.tile(features.quiet_embedding, (longest, 1))
        self._heard = 0

    @property
    def context(self) -> int:
        """Samples of the past on which its answers depend: those of all that it remembers."""
        mels = -(-_EMBEDDING_FRAMES // _MEL_FRAMES)
        return HOP * (mels + len(self._embeddings)) + OVERLAP

    def peak(self, audio: bytes) -> float:
        """Take a whole number of hops; return the highest score of any word in them."""
        samples = np.frombuffer(audio, "<i2")
        highest = 0.0
        for start in range(0, len(samples), HOP):
            self._listen(samples[start : start + HOP])
            scores = (word.score(self._embeddings) for word, _ in self._words)
            highest = max(highest, *scores)
        return highest

    def skip(self, samples: int) -> None:
        """Leave out the next samples."""
        self._heard += samples
        for _, trigger in self._words:
            trigger.forget()

    def recall(self, audio: bytes) -> None:
        """Take a whole number of hops in without judging; only the last need their embedding."""
        samples = np.frombuffer(audio, "<i2")
        for start in range(0, len(samples), HOP):
            left = (len(samples) - start) // HOP
            self._listen(samples[start : start + HOP], embed=left <= len(self._embeddings))

    def hear(self, audio: bytes) -> list[Detection]:
        """Take a whole number of hops; say which words were heard at the end of which hop."""
        samples = np.frombuffer(audio, "<i2")
        found = []
        for start in range(0, len(samples), HOP):
            self._listen(samples[start : start + HOP])
            for word, trigger in self._words:
                score = word.score(self._embeddings)
                if trigger.heard(score, self._heard):
                    found.append(
                        Detection(
                            word=word.name, score=score, sample=self._heard, phrase=word.phrase
                        )
                    )
        return found

    def glance(self, audio: bytes) -> None:
        """Never: these networks take their time."""

    def _listen(self, hop: npt.NDArray[np.int16], embed: bool = True) -> None:
        self._heard += HOP
        self._samples[:OVERLAP] = self._samples[HOP:]
        self._samples[OVERLAP:] = hop
        _push(self._mels, self._features.mels(self._samples))
        if embed:
            _push(self._embeddings, self._features.embedding(self._mels)[None])


def _push(rows: Floats, latest: Floats) -> None:
    rows[: -len(latest)] = rows[len(latest) :]
    rows[-len(latest) :] = latest
