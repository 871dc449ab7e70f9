"""How much later the microphone hears what the speaker was given."""

from __future__ import annotations

from functools import lru_cache

import msgspec
import numpy as np
import numpy.typing as npt

from satellite.values import SPEECH

Floats = npt.NDArray[np.float32]

WINDOW = 12000
"""Samples of the microphone's that are looked for (0.75 s)."""

MOST = 32000
"""Samples of delay at most (2 s): aplay and PulseAudio together stay under 1 s, most Bluetooth
speakers under 0.5 s."""

_FADE = 800
"""Samples (50 ms) in which what was heard fades in and out. Both sounds end at the same moment, in
the middle of a vowel, too: two steps at once look like an echo that is not late at all."""

EARLY = 512
"""Samples that the direct sound may be late in a path that is known."""

_BAND = (200.0, 6000.0)
"""Hz that count: below is hum, above many speakers and microphones have nothing."""


class Delay(msgspec.Struct, frozen=True):
    """Samples of delay, in the middle of the window, and how far they stand out."""

    samples: float
    clarity: float


def find_delay(heard: Floats, played: Floats, path: Floats | None = None) -> Delay:
    """Look for what was `played` in what was `heard`, both up to the same moment.

    `heard` are WINDOW samples, `played` MOST more than those. The spectra are whitened before they
    are correlated (generalised cross-correlation with phase transform: Knapp, Carter, IEEE ASSP
    1976), so that neither the room nor what else is heard in it matters much. Through a `path`
    that is known it stands out more; the delay is then what is missing in the path, from -EARLY on.
    """
    early = 0 if path is None else EARLY
    size = _size(len(played) + early)
    cross = np.fft.rfft(played, size) * np.fft.rfft(_faded(heard), size).conj()
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


def _faded(heard: Floats) -> Floats:
    """What was heard, fading in from its first sample that is not silent, and out at its end."""
    sound = heard[int(np.argmax(heard != 0)) :]
    count = min(_FADE, len(sound) // 2)
    ramp = np.sin(0.5 * np.pi * (np.arange(count, dtype=np.float32) + 0.5) / max(count, 1)) ** 2
    faded = heard.copy()
    faded[len(heard) - len(sound) :][:count] *= ramp
    faded[len(heard) - count :] *= ramp[::-1]
    return faded


def _between(around: Floats) -> float:
    """Where between three samples, of which the middle one is the highest, a parabola is highest:
    -0.5 to 0.5 (J. O. Smith, Spectral Audio Signal Processing, quadratic interpolation)."""
    if len(around) < 3:
        return 0.0
    before, top, after = map(float, around)
    bend = before - 2 * top + after
    return max(-0.5, min(0.5, 0.5 * (before - after) / bend)) if bend else 0.0


def _size(samples: int) -> int:
    """A length of Fourier transform that is quick, and holds so many samples."""
    return 3 << max(0, (-(-samples // 3) - 1).bit_length())


@lru_cache(maxsize=2)
def _weights(size: int) -> Floats:
    frequencies = np.fft.rfftfreq(size, 1 / SPEECH.rate)
    return ((frequencies > _BAND[0]) & (frequencies < _BAND[1])).astype(np.float32)
