"""The path of an echo fitted to its first moments, by least squares.

Least squares with a prior, by conjugate gradients (M. Hestenes, E. Stiefel, J. Res. NBS 49, 1952),
preconditioned by the spectrum of the played sound (T. Chan, SIAM J. Sci. Stat. Comput. 9, 1988). A
filter that adapts block by block needs seconds for a path that half a second of sound determines.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from satellite.values import SPEECH

HEAD = 256
"""Samples between the beginning of a path and the direct sound: the uncertainty of the delay."""

_DECAY = 60.0 / 0.5
"""Decibels a second by which the path is expected to fall after the direct sound: a furnished
room's sound falls by 60 dB in 0.5 s or less."""

_NOISE = 0.005
"""Part (-23 dB) of the recorded power that is expected to be no echo."""

_FLOOR = 0.01
"""Part of the mean power below which the preconditioner treats frequencies as equally weak."""

_SMOOTH = 65
"""Bins over which the preconditioner averages the power."""

Floats = npt.NDArray[np.float32]


def fit(recorded: Floats, played: Floats, path: Floats, steps: int) -> Floats:
    """Return the path of `len(path)` taps from `played` to `recorded`, `steps` from `path` on.

    `played` begins `len(path)` samples before `recorded` and ends with it. Frequencies that were
    hardly played stay as they are in `path`. A step takes 1 ms for a second of sound.
    """
    count, taps = len(recorded), len(path)
    size = _quick(len(played))
    spectrum = np.fft.rfft(played, size).astype(np.complex64)
    power = spectrum.real**2 + spectrum.imag**2
    if not power.any():
        return path
    prior = _prior(taps)
    doubt = _NOISE * float(prior @ prior) * float(played @ played) / len(played)
    smooth = np.convolve(power, np.full(_SMOOTH, 1 / _SMOOTH, np.float32), "same")
    condition = 1 / (smooth + _FLOOR * smooth.mean())

    def echo(part: Floats) -> Floats:
        whole = np.fft.irfft(spectrum * np.fft.rfft(prior * part, size), size)
        return whole[taps : taps + count].astype(np.float32)

    def back(rest: Floats) -> Floats:
        padded = np.zeros(size, np.float32)
        padded[taps : taps + count] = rest
        whole = np.fft.irfft(spectrum.conj() * np.fft.rfft(padded), size)
        return prior * whole[:taps].astype(np.float32)

    def conditioned(rest: Floats) -> Floats:
        return np.fft.irfft(np.fft.rfft(rest, size) * condition, size)[:taps].astype(np.float32)

    found = path / prior
    rest = back(recorded - echo(found)) - doubt * found
    better = conditioned(rest)
    direction, gain = better, float(rest @ better)
    for _ in range(steps):
        change = back(echo(direction)) + doubt * direction
        length = gain / (float(direction @ change) or 1.0)
        found = found + length * direction
        rest = rest - length * change
        better = conditioned(rest)
        before, gain = gain, float(rest @ better)
        direction = better + gain / (before or 1.0) * direction
    return (prior * found).astype(np.float32)


def _prior(taps: int) -> Floats:
    """Return the expected strength of each tap, the strongest being 1."""
    late = np.maximum(0, np.arange(taps) - HEAD) / SPEECH.rate
    return (10 ** (-_DECAY * late / 20)).astype(np.float32)


def _quick(samples: int) -> int:
    """Return a fast length of Fourier transform that holds this many samples."""
    sizes = (odd << max(0, (-(-samples // odd) - 1).bit_length()) for odd in (1, 3, 5, 9))
    return min(sizes)
