"""openWakeWord's pipeline: sound -> mel spectrogram -> speech embeddings -> a score per word.

    1760 samples (110 ms, 480 of them from the hop before)
      -> 8 mel frames of 32 bands, one each 10 ms
      -> with the 68 frames before: 96 numbers, Google's speech embedding
      -> with the 15 embeddings before (as many as the word's network takes): a score, 0 to 1

Shapes, and the scaling of mel values between the two networks: openWakeWord's
`openwakeword/utils.py`. The first two networks are the same for all words, and run once a hop.
All networks are shared by all streams; each stream has its own past (about 16 KB).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from satellite.builtin.wake.engine import HOP
from satellite.builtin.wake.learned_voices import REACH, VoiceCheck
from satellite.builtin.wake.trigger import Trigger
from satellite.errors import EngineFailed
from satellite.values import Detection

OVERLAP = 480
"""Samples of the previous hop that the mel network sees again: three steps of 10 ms."""

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
        """Shape of the input."""

    @property
    def output_shape(self) -> tuple[Any, ...]:
        """Shape of the output."""

    def run(self, values: Floats) -> Floats:
        """Run once."""


class WordNetwork:
    """The network of one wake word, on top of the embeddings."""

    def __init__(self, name: str, phrase: str, network: Network) -> None:
        """Take a network of shape (1, windows, 96) -> (1, 1). Raises `EngineFailed` for another."""
        shape = network.input_shape
        if len(shape) != 3 or shape[2] != _EMBEDDING_SIZE or not isinstance(shape[1], int):
            raise EngineFailed(
                f"{name} is not an openWakeWord model: its input is "
                f"({', '.join(map(str, shape))}), "
                f"not (1, windows, {_EMBEDDING_SIZE})"
            )
        if (outputs := network.output_shape[-1]) != 1:
            raise EngineFailed(
                f"{name} has {outputs} outputs; a wake word model has one, its score"
            )
        self.name = name
        self.phrase = phrase
        self.windows = shape[1]
        self._network = network

    def score(self, embeddings: Floats) -> float:
        """Return the score, 0 to 1, of at least `windows` embeddings, the newest last."""
        return float(self._network.run(embeddings[None, -self.windows :]).item())


class EmbeddingNetworks:
    """The two networks that all words share: mel spectrogram and speech embedding."""

    def __init__(self, mel: Network, embedding: Network) -> None:
        self._mel = mel
        self._embedding = embedding
        quiet = self.mels(np.zeros(OVERLAP + HOP, np.float32))
        self.quiet_mels = np.resize(quiet, (_EMBEDDING_FRAMES, _MEL_BANDS))
        """76 mel frames of silence."""
        self.quiet_embedding = self.embedding(self.quiet_mels)
        """The embedding of silence."""

    def mels(self, samples: Floats) -> Floats:
        """Return the mel frames (8, 32) of 1760 samples in 16-bit range."""
        raw = self._mel.run(samples[None])
        return raw.reshape(_MEL_FRAMES, _MEL_BANDS) / np.float32(10) + np.float32(2)

    def embedding(self, mels: Floats) -> Floats:
        """Return the speech embedding (96) of 76 mel frames."""
        return self._embedding.run(mels[None, :, :, None]).reshape(_EMBEDDING_SIZE)


class ListenedWord(msgspec.Struct, frozen=True):
    """A word that a stream listens for."""

    network: WordNetwork
    trigger: Trigger
    check: VoiceCheck | None = None
    """Adjusts the scores by the voices that have taught the word."""

    def score(self, embeddings: Floats) -> float:
        """Return the score, 0 to 1, of the newest embeddings."""
        score = self.network.score(embeddings)
        return score if self.check is None else self.check.adjusted(score, embeddings)


class EmbeddingStream:
    """One audio stream; it begins as if after silence."""

    def __init__(self, networks: EmbeddingNetworks, words: Sequence[ListenedWord]) -> None:
        self._networks = networks
        self._words = words
        self._samples = np.zeros(OVERLAP + HOP, np.float32)
        self._mels = networks.quiet_mels.copy()
        longest = max((word.network.windows for word in words), default=1)
        if any(word.check for word in words):
            longest = max(longest, REACH)
        self._embeddings = np.tile(networks.quiet_embedding, (longest, 1))
        self._position = 0

    @property
    def context(self) -> int:
        """Samples of the past on which its scores depend: those of its frames and embeddings."""
        mels = -(-_EMBEDDING_FRAMES // _MEL_FRAMES)
        return HOP * (mels + len(self._embeddings)) + OVERLAP

    def best_score(self, audio: bytes) -> float:
        """Take a whole number of hops; return the highest score of any word in them."""
        samples = np.frombuffer(audio, "<i2")
        highest = 0.0
        for start in range(0, len(samples), HOP):
            self._take(samples[start : start + HOP])
            scores = (word.network.score(self._embeddings) for word in self._words)
            highest = max(highest, *scores)
        return highest

    def embeddings(self, audio: bytes) -> Floats:
        """Take a whole number of hops, ignoring the rest; return the embedding of each."""
        samples = np.frombuffer(audio, "<i2")
        found = np.empty((len(samples) // HOP, _EMBEDDING_SIZE), np.float32)
        for number in range(len(found)):
            self._take(samples[number * HOP : (number + 1) * HOP])
            found[number] = self._embeddings[-1]
        return found

    def skip(self, samples: int) -> None:
        """Skip the next samples."""
        self._position += samples
        for word in self._words:
            word.trigger.reset()

    def pause(self) -> None:
        """Report near misses."""
        for word in self._words:
            word.trigger.pause()

    def prime(self, audio: bytes) -> None:
        """Take a whole number of hops without scoring; only the last need their embedding."""
        samples = np.frombuffer(audio, "<i2")
        for start in range(0, len(samples), HOP):
            remaining = (len(samples) - start) // HOP
            self._take(samples[start : start + HOP], embed=remaining <= len(self._embeddings))

    def process(self, audio: bytes) -> list[Detection]:
        """Take a whole number of hops; return the words detected, each at the end of a hop."""
        samples = np.frombuffer(audio, "<i2")
        found = []
        for start in range(0, len(samples), HOP):
            self._take(samples[start : start + HOP])
            for word in self._words:
                score = word.score(self._embeddings)
                if word.trigger.detect(score, self._position):
                    network = word.network
                    found.append(
                        Detection(
                            word=network.name,
                            score=word.trigger.score,
                            sample=self._position,
                            phrase=network.phrase,
                        )
                    )
        return found

    def process_at_once(self, audio: bytes) -> None:
        """Return None: these networks take milliseconds."""

    def _take(self, hop: npt.NDArray[np.int16], embed: bool = True) -> None:
        self._position += HOP
        self._samples[:OVERLAP] = self._samples[HOP:]
        self._samples[OVERLAP:] = hop
        _push(self._mels, self._networks.mels(self._samples))
        if embed:
            _push(self._embeddings, self._networks.embedding(self._mels)[None])


def _push(rows: Floats, latest: Floats) -> None:
    rows[: -len(latest)] = rows[len(latest) :]
    rows[-len(latest) :] = latest
