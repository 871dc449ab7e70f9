"""A Kalman filter that follows the echo's path through speaker, room and microphone.

In the frequency domain, in partitions, so that a long path costs little: G. Enzner, P. Vary,
"Frequency-domain adaptive Kalman filter for acoustic echo control in hands-free telephones",
Signal Processing 86 (2006); partitions: F. Kuech, E. Mabande, G. Enzner, ICASSP 2014. Sound
other than echo counts as measurement noise, and so the filter's step is small by itself while a
person speaks: it needs no double-talk detector. Being linear, it leaves the person's voice as it
was (0.0 dB weaker over replies, where WebRTC's AEC3 takes 1.5 to 5.2 dB; measured, see
`canceller`), and a loudspeaker that distorts limits it to about 21 dB.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from satellite.audio.echo.playback_reference import PIECE
from satellite.values import SPEECH

BLOCK = PIECE
"""Samples (32 ms) worked on at once."""

PARTITIONS = 10
"""Blocks that the path is long: 0.32 s, beyond which the echo in a furnished room is weak."""

_STAYS = 0.9998**2
"""Expected similarity of the path from block to block (A² of the paper)."""

_NOISE_MEMORY = 0.8
"""Weight of the past, from block to block, in the estimate of the noise."""

_DECAY = 60 * BLOCK / SPEECH.rate / 0.5
"""Decibels by which a partition is expected to be weaker than the one before: a furnished room's
sound falls by 60 dB in 0.5 s or less. With this prior the filter converges sooner."""

_UNSURE = 10 ** (-_DECAY / 10 * np.arange(PARTITIONS, dtype=np.float32)[:, None])
"""Variance of the coefficients of each partition before anything is known: echo may be as strong as
the played sound.
"""

Floats = npt.NDArray[np.float32]


class KalmanFilter:
    """Estimates the path from played to recorded sound, and cancels the echo."""

    def __init__(self) -> None:
        bins = BLOCK + 1
        self._played = np.zeros(2 * BLOCK, np.float32)
        self._spectra = np.zeros((PARTITIONS, bins), np.complex64)
        self._path = np.zeros((PARTITIONS, bins), np.complex64)
        self._variance = np.tile(_UNSURE, (1, bins))
        self._noise = np.ones(bins, np.float32)

    def cancel(self, recorded: Floats, played: Floats, learn: bool = True) -> Floats:
        """Cancel the echo of the sound played so far in a recorded block of BLOCK samples."""
        self._push(played)
        spectra, path = self._spectra, self._path
        echo = np.fft.irfft((spectra * path).sum(axis=0))[BLOCK:]
        rest: Floats = (recorded - echo).astype(np.float32)
        if not learn:
            return rest
        error = np.fft.rfft(np.concatenate((np.zeros(BLOCK, np.float32), rest)))
        power = spectra.real**2 + spectra.imag**2
        noise = error.real**2 + error.imag**2
        self._noise = _NOISE_MEMORY * self._noise + (1 - _NOISE_MEMORY) * noise.astype(np.float32)
        step = self._variance / ((power * self._variance).sum(axis=0) + self._noise + 1e-3)
        change = np.fft.irfft(step * spectra.conj() * error, axis=1)
        change[:, BLOCK:] = 0  # of a circular convolution only this half is the room's
        self._path = path + np.fft.rfft(change, axis=1).astype(np.complex64)
        strength = self._path.real**2 + self._path.imag**2
        self._variance = (
            _STAYS * (1 - 0.5 * step * power) * self._variance + (1 - _STAYS) * strength
        ).astype(np.float32)
        return rest

    def refill(self, played: Floats) -> None:
        """Replace the played sound up to now by `PARTITIONS * BLOCK` samples."""
        for start in range(0, len(played), BLOCK):
            self._push(played[start : start + BLOCK])

    def peak(self) -> int | None:
        """Return the samples to the strongest tap of the path; None while the path is unknown."""
        strength = np.abs(self.taps())
        best = int(strength.argmax())
        return best if strength[best] > 6 * strength.mean() else None

    def taps(self) -> Floats:
        """Return the path, `PARTITIONS * BLOCK` samples long."""
        return np.fft.irfft(self._path, axis=1)[:, :BLOCK].astype(np.float32).ravel()

    def set_path(self, taps: Floats, doubt: float) -> None:
        """Set the path, with a variance of `doubt` times that of an unknown path.

        Raises `ValueError` for one of another length.
        """
        path = np.zeros((PARTITIONS, 2 * BLOCK), np.float32)
        path[:, :BLOCK] = taps.reshape(PARTITIONS, BLOCK)
        self._path = np.fft.rfft(path, axis=1).astype(np.complex64)
        strength = self._path.real**2 + self._path.imag**2
        self._variance = (doubt * (strength + _UNSURE)).astype(np.float32)

    def forget(self) -> None:
        """Return to an unknown path."""
        self._path[:] = 0
        self._variance[:] = _UNSURE

    def _push(self, played: Floats) -> None:
        self._played[:BLOCK] = self._played[BLOCK:]
        self._played[BLOCK:] = played
        self._spectra[1:] = self._spectra[:-1]
        self._spectra[0] = np.fft.rfft(self._played)
