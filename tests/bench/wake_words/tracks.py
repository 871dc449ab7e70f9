"""Scores of detectors for every hop of a stream, computed once and cached: every threshold can be
read from them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from satellite.builtin.wake.bundled_models import find_words
from satellite.builtin.wake.engine import HOP
from satellite.builtin.wake.micro import STEP, Frame, MicroWord, WordDetector, read_descriptions
from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.tflite import TfLiteModel, package_folder
from satellite.builtin.wake.trigger import Trigger
from tests.bench.wake_words.streams import Stream
from tests.support.real_models import cache

_MICRO = "pymicro_wakeword"
_CHUNK = 1024
"""Samples that linux-voice-assistant takes from its microphone at once."""
_VERSION = 1
"""Raise it when a detector's scores of the same sound change."""

Floats = npt.NDArray[np.float32]


class Track(msgspec.Struct, frozen=True):
    """The scores of one word by one detector."""

    samples: npt.NDArray[np.int64]
    """Where in the stream each score is."""
    scores: Floats
    seconds: float
    """CPU time that the detector took for all words."""
    embeddings: Floats | None = None
    """openWakeWord's, one for each score."""


class Detector(Protocol):
    """A wake engine of ours or of others."""

    name: str

    async def tracks(self, audio: bytes, words: Sequence[str]) -> list[Track]:
        """Return the scores of each word."""


class OurOpenWakeWord:
    """`openwakeword` of this project, without the trigger."""

    name = "openwakeword"

    def __init__(self, words: Sequence[str]) -> None:
        self._engine = OpenWakeWord(OpenWakeWord.Options(words=tuple(words)))

    async def tracks(self, audio: bytes, words: Sequence[str]) -> list[Track]:
        """Return the scores of each word, with the embeddings."""
        await self._engine.load()
        began = time.process_time()
        embeddings = await self._engine.embeddings(audio)
        scores = [await self._engine.scores(embeddings, word) for word in words]
        spent = time.process_time() - began
        at = HOP * np.arange(1, len(embeddings) + 1)
        return [Track(at, each, spent, embeddings) for each in scores]


class OurMicroWakeWord:
    """`microwakeword` of this project, without the trigger."""

    name = "microwakeword"

    def __init__(self, words: Sequence[str]) -> None:
        folder = package_folder(_MICRO) / "models"
        files = find_words([folder], ".json")
        self._words = {
            name: MicroWord(name, each, TfLiteModel(_MICRO, folder / each.model))
            for name, each in read_descriptions(files).items()
            if name in words
        }
        self.cutoffs = {
            name: word.description.micro.probability_cutoff for name, word in self._words.items()
        }

    async def tracks(self, audio: bytes, words: Sequence[str]) -> list[Track]:
        """Return the scores of each word."""
        import micro_features_cpp

        frontend = micro_features_cpp.create_frontend()
        began = time.process_time()
        frames: list[Frame] = []
        for start in range(0, len(audio) - 2 * STEP + 1, 2 * STEP):
            features, _ = micro_features_cpp.process_samples(
                frontend, audio[start : start + 2 * STEP]
            )
            if features:
                frames.append((features, start // 2 + STEP))
        found = [WordDetector(self._words[word], Trigger(1, 1, 0)).scores(frames) for word in words]
        spent = time.process_time() - began
        return [
            Track(np.array([at for _, at in each]), np.array([s for s, _ in each], "f4"), spent)
            for each in found
        ]


class PyOpenWakeWord:
    """pyopen-wakeword, with its Python classes as wyoming-openwakeword 2 uses them."""

    name = "pyopen-wakeword"

    def __init__(self, words: Sequence[str]) -> None:
        pass

    async def tracks(self, audio: bytes, words: Sequence[str]) -> list[Track]:
        """Return the scores of each word."""
        from pyopen_wakeword import Model, OpenWakeWord, OpenWakeWordFeatures

        features = OpenWakeWordFeatures.from_builtin()
        networks = [OpenWakeWord.from_builtin(Model(word)) for word in words]
        scores: list[list[float]] = [[] for _ in words]
        at: list[list[int]] = [[] for _ in words]
        began = time.process_time()
        for start in range(0, len(audio) - 2 * HOP + 1, 2 * HOP):
            for embedding in features.process_streaming(audio[start : start + 2 * HOP]):
                for number, network in enumerate(networks):
                    for score in network.process_streaming(embedding):
                        scores[number].append(score)
                        at[number].append(start // 2 + HOP)
        spent = time.process_time() - began
        return [
            Track(np.array(where), np.array(score, "f4"), spent)
            for where, score in zip(at, scores, strict=True)
        ]


class PyMicroWakeWord:
    """pymicro-wakeword, with its Python classes as linux-voice-assistant uses them."""

    name = "pymicro-wakeword"

    def __init__(self, words: Sequence[str]) -> None:
        pass

    async def tracks(self, audio: bytes, words: Sequence[str]) -> list[Track]:
        """Return the scores of each word."""
        from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

        features = MicroWakeWordFeatures()
        networks = [MicroWakeWord.from_builtin(Model(word)) for word in words]
        scores: list[list[float]] = [[] for _ in words]
        at: list[int] = []
        began = time.process_time()
        for start in range(0, len(audio) - 2 * _CHUNK + 1, 2 * _CHUNK):
            for values in features.process_streaming(audio[start : start + 2 * _CHUNK]):
                at.append(start // 2 + _CHUNK)
                for number, network in enumerate(networks):
                    scores[number].append(network.process_streaming_prob(values) or 0.0)
        spent = time.process_time() - began
        return [Track(np.array(at), np.array(score, "f4"), spent) for score in scores]


KINDS: tuple[Callable[[Sequence[str]], Detector], ...] = (
    OurOpenWakeWord,
    OurMicroWakeWord,
    PyOpenWakeWord,
    PyMicroWakeWord,
)


class Listening:
    """All detectors, with a cache of what they have found."""

    def __init__(self, words: Sequence[str]) -> None:
        self.detectors = [kind(words) for kind in KINDS]

    async def tracks(self, detector: Detector, stream: Stream, words: Sequence[str]) -> list[Track]:
        """Return a detector's scores of each word in a stream."""
        digest = hashlib.sha256(stream.audio)
        digest.update(json.dumps([_VERSION, detector.name, list(words)]).encode())
        folder = cache().parent / "wake-tracks"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{digest.hexdigest()[:24]}.npz"
        if not file.exists():
            found = await detector.tracks(stream.audio, words)
            _write(file, found)
        return _read(file, len(words))


def _write(file: Path, tracks: Sequence[Track]) -> None:
    arrays: dict[str, npt.NDArray[Any]] = {"seconds": np.array(tracks[0].seconds)}
    for number, track in enumerate(tracks):
        arrays |= {f"samples{number}": track.samples, f"scores{number}": track.scores}
    if tracks[0].embeddings is not None:
        arrays["embeddings"] = tracks[0].embeddings
    part = file.with_suffix(".part")
    with part.open("wb") as opened:
        np.savez(opened, allow_pickle=False, **arrays)
    part.replace(file)


def _read(file: Path, count: int) -> list[Track]:
    with np.load(file) as arrays:
        embeddings = arrays.get("embeddings")
        return [
            Track(arrays[f"samples{n}"], arrays[f"scores{n}"], float(arrays["seconds"]), embeddings)
            for n in range(count)
        ]
