"""The rise and fall of loudness: enough to recognize a sound, however faint, dull or late."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from satellite.values import SPEECH

HOP = SPEECH.rate // 50
"""Samples (20 ms) of one level."""

_RANGE = 30.0
"""Decibels below the loudest moment that count: anything fainter is lost in a room."""

_SILENT = 100.0
"""Peak (of 32768) below which played sound is inaudible."""

Floats = npt.NDArray[np.float64]


def likeness(recorded: bytes, played: bytes) -> float:
    """Return how similarly `recorded` rises and falls to some part of `played`: -1 to 1, 0 if there
    is nothing to compare.

    Both are 16 kHz mono; `played` is the longer one. The result is the largest correlation
    coefficient of their levels in decibels.
    """
    sound = np.frombuffer(played, "<i2")
    if not len(sound) or np.abs(sound.astype(np.int32)).max() < _SILENT:
        return 0.0
    wanted, levels = _levels(np.frombuffer(recorded, "<i2")), _levels(sound)
    if not 0 < len(wanted) <= len(levels):
        return 0.0
    parts = np.lib.stride_tricks.sliding_window_view(levels, len(wanted))
    parts = np.maximum(parts, parts.max(axis=1, keepdims=True) - _RANGE)
    parts = parts - parts.mean(axis=1, keepdims=True)
    wanted = wanted - wanted.mean()
    size = np.sqrt((parts**2).sum(axis=1) * (wanted**2).sum())
    return float((parts @ wanted / np.where(size > 0, size, np.inf)).max())


def _levels(sound: npt.NDArray[np.int16]) -> Floats:
    hops = sound[: len(sound) // HOP * HOP].reshape(-1, HOP).astype(np.float64)
    decibels = 10 * np.log10((hops**2).mean(axis=1) + 1.0)
    audible: Floats = np.maximum(decibels, decibels.max(initial=0.0) - _RANGE)
    return audible
