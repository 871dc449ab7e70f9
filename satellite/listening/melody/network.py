"""The network Smart Turn v3: the probability that a person has finished speaking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from satellite.errors import EngineFailed
from satellite.lib.onnx import one_thread_session
from satellite.listening.mel import mel_filters
from satellite.values import SPEECH

SECONDS = 8
"""Seconds of the newest sound that the network hears; missing ones are silence before it."""

_SAMPLES = SECONDS * SPEECH.rate
_FFT, _HOP, _MELS = 400, 160, 80
"""Those of Whisper, whose encoder the network was made of."""
_INPUT = "input_features"
_SHAPE = [_MELS, _SAMPLES // _HOP]

Floats = npt.NDArray[np.float32]


class SmartTurn:
    """A loaded network. Use it from one thread at a time."""

    def __init__(self, model: Path) -> None:
        """Load the .onnx file. Blocks. Raises `PackageMissing`, `EngineFailed`."""
        self._session = one_thread_session(model, "listen.smart_turn")
        inputs = self._session.get_inputs()
        if [each.name for each in inputs] != [_INPUT] or list(inputs[0].shape[1:]) != _SHAPE:
            raise EngineFailed(
                f"{model} is no network of Smart Turn v3: satellite models pull "
                "turn:smart-turn-v3.2 fetches it"
            )
        # periodic, as in Whisper's features
        self._window = np.hanning(_FFT + 1)[:-1]
        self._mel = mel_filters(SPEECH.rate, _FFT, _MELS)

    def probability(self, audio: bytes) -> float:
        """Return the probability, 0 to 1, that a person who paused has finished.

        `audio`: 16 kHz mono up to the pause and into it. Raises `EngineFailed`.
        """
        try:
            (found,) = self._session.run(None, {_INPUT: self.features(audio)[None]})
            value = float(np.asarray(found).reshape(-1)[0])
        except Exception as error:  # its errors have no common class of their own
            raise EngineFailed(f"Smart Turn failed: {str(error)[:200]}") from error
        if not 0 <= value <= 1:
            raise EngineFailed(f"Smart Turn returned {value}, which is no probability")
        return value

    def features(self, audio: bytes) -> Floats:
        """Return the network's input: Whisper's log-mel spectrum of `SECONDS`, [80, 800]."""
        integers = np.frombuffer(audio[: len(audio) // 2 * 2], "<i2")[-_SAMPLES:]
        samples = np.zeros(_SAMPLES, np.float32)
        if len(integers):
            samples[-len(integers) :] = integers.astype(np.float32) / np.float32(32768)
        samples = (samples - samples.mean()) / np.sqrt(samples.var() + np.float32(1e-7))
        padded = np.pad(samples.astype(np.float64), _FFT // 2, mode="reflect")
        frames: Any = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP][:-1]
        power = np.abs(np.fft.rfft(frames * self._window)) ** 2
        logs = np.log10(np.maximum(power @ self._mel, 1e-10)).T
        logs = (np.maximum(logs, logs.max() - 8.0) + 4.0) / 4.0
        found: Floats = logs.astype(np.float32)
        return found
