"""The delay from a sound's handover to the speaker to its echo at the microphone."""

from __future__ import annotations

from functools import lru_cache

import msgspec
import numpy as np
import numpy.typing as npt

from satellite.values import SPEECH

Floats = npt.NDArray[np.float32]

WINDOW = 12000
"""Samples of the microphone's sound in which an echo is looked for (0.75 s)."""

MOST = 32000
"""Longest delay in samples (2 s): aplay and PulseAudio together stay under 1 s, most Bluetooth
speakers under 0.5 s."""

_FADE = 800
"""Samples (50 ms) over which the recorded sound is faded in and out. Recorded and played sound end
at the same moment, perhaps in the middle of vowels, and two simultaneous steps look like an echo
without delay."""

EARLY = 512
"""Samples by which the direct sound may be late within a known path."""

_BAND = (200.0, 6000.0)
"""Band in Hz that is correlated: below it is hum, above it many devices transmit nothing."""


class Delay(msgspec.Struct, frozen=True):
    """A delay in samples, in the middle of the window, and how clearly it stands out.

    `clarity` is the peak of the correlation over its standard deviation.
    """

    samples: float
    clarity: float


def find_delay(recorded: Floats, played: Floats, path: Floats | None = None) -> Delay:
    """Find the delay of the `played` sound in the `recorded` one, both up to the same moment.

    `recorded` has WINDOW samples, `played` MOST more. The spectra are whitened before they are
    correlated (generalised cross-correlation with phase transform: Knapp, Carter, IEEE ASSP 1976),
    so that neither the room nor other sounds in it matter much. With a known `path` the peak is
    clearer; the delay is then the one beyond the path's own, from -EARLY on.
    """
    early = 0 if path is None else EARLY
    size = _size(len(played) + early)
    cross = np.fft.rfft(played, size) * np.fft.rfft(_faded(recorded), size).conj()
    if path is not None:
        cross *= np.fft.rfft(path, size)
    cross *= _weights(size) / (np.abs(cross) + 1e-3)
    whole = np.fft.irfft(cross, size)
    likeness: Floats = whole[: MOST + early + 1][::-1].astype(np.float32)
    spread = float(likeness.std()) or 1.0
    if path is None:
        likeness = np.abs(likeness)  # a speaker may be connected the wrong way round
    best = int(np.argmax(likeness))
    strength = likeness[max(0, best - 1) : best + 2]
    return Delay(best - early + _between(strength), float(strength.max()) / spread)


def _faded(recorded: Floats) -> Floats:
    """Fade a sound in from its first sample that is not 0, and out at its end."""
    sound = recorded[int(np.argmax(recorded != 0)) :]
    count = min(_FADE, len(sound) // 2)
    ramp = np.sin(0.5 * np.pi * (np.arange(count, dtype=np.float32) + 0.5) / max(count, 1)) ** 2
    faded = recorded.copy()
    faded[len(recorded) - len(sound) :][:count] *= ramp
    faded[len(recorded) - count :] *= ramp[::-1]
    return faded


def _between(around: Floats) -> float:
    """Return where a parabola through three samples, the middle one the highest, peaks: -0.5 to 0.5
    (J. O. Smith, Spectral Audio Signal Processing, quadratic interpolation)."""
    if len(around) < 3:
        return 0.0
    before, top, after = map(float, around)
    bend = before - 2 * top + after
    return max(-0.5, min(0.5, 0.5 * (before - after) / bend)) if bend else 0.0


def _size(samples: int) -> int:
    """Return a fast length of Fourier transform that holds this many samples."""
    return 3 << max(0, (-(-samples // 3) - 1).bit_length())


@lru_cache(maxsize=2)
def _weights(size: int) -> Floats:
    frequencies = np.fft.rfftfreq(size, 1 / SPEECH.rate)
    return ((frequencies > _BAND[0]) & (frequencies < _BAND[1])).astype(np.float32)
