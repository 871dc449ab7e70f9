"""How loudness rises and falls: enough to know a sound again, however faint, dull or late it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from satellite.values import SPEECH

HOP = SPEECH.rate // 50
"""Samples (20 ms) whose loudness is looked at together."""

_RANGE = 30.0
"""Decibels below the loudest moment where all is the same: what is fainter is lost in a room."""

_SILENT = 100.0
"""Peak (of 32768) below which nobody hears what is played."""

Floats = npt.NDArray[np.float64]


def likeness(heard: bytes, played: bytes) -> float:
    """How much `heard` rises and falls as some part of `played` does: -1 to 1, 0 where there is
    nothing to compare.

    Both are 16 kHz mono; `played` is the longer one. It is the largest correlation coefficient of
    their levels in decibels.
    """
    sound = np.frombuffer(played, "<i2")
    if not len(sound) or np.abs(sound.astype(np.int32)).max() < _SILENT:
        return 0.0
    wanted, there = _levels(np.frombuffer(heard, "<i2")), _levels(sound)
    if not 0 < len(wanted) <= len(there):
        return 0.0
    parts = np.lib.stride_tricks.sliding_window_view(there, len(wanted))
    parts = np.maximum(parts, parts.max(axis=1, keepdims=True) - _RANGE)
    parts = parts - parts.mean(axis=1, keepdims=True)
    wanted = wanted - wanted.mean()
    size = np.sqrt((parts**2).sum(axis=1) * (wanted**2).sum())
    return float((parts @ wanted / np.where(size > 0, size, np.inf)).max())


def _levels(sound: npt.NDArray[np.int16]) -> Floats:
    hops = sound[: len(sound) // HOP * HOP].reshape(-1, HOP).astype(np.float64)
    levels = 10 * np.log10((hops**2).mean(axis=1) + 1.0)
    audible: Floats = np.maximum(levels, levels.max(initial=0.0) - _RANGE)
    return audible
