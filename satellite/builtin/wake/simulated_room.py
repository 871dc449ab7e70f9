"""How a sound is heard in a room, for sounds that were recorded or made without one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from satellite.values import SPEECH

Sound = npt.NDArray[np.float64]


def in_room(
    sound: Sound, distance: float, reverberation: float, random: np.random.Generator
) -> Sound:
    """Return a sound as it is heard in a room, as loud as before: with a decaying tail of noise as
    its reverberation (Moorer 1979), equally strong as the direct sound at 1 m.

    `distance` is in metres, `reverberation` in seconds.
    """
    count = round(0.8 * reverberation * SPEECH.rate)
    time = np.arange(count) / SPEECH.rate
    tail = random.normal(0, 1, count) * 10 ** (-3 * time / reverberation)
    tail /= np.sqrt(np.sum(tail**2))
    tail[0] = 1 / distance
    sounding = _convolved(sound, tail)
    sounding *= np.abs(sound).max() / max(np.abs(sounding).max(), 1)
    return np.asarray(sounding)


def pink_noise(count: int, random: np.random.Generator) -> Sound:
    """Return `count` samples of noise with equal power in each octave, at an RMS value of 1."""
    spectrum = np.fft.rfft(random.normal(0, 1, count))
    noise = np.fft.irfft(spectrum / np.sqrt(np.arange(1, len(spectrum) + 1)), count)
    return np.asarray(noise / noise.std())


def _convolved(sound: Sound, room: Sound) -> Sound:
    size = 1 << (len(sound) + len(room) - 1).bit_length()
    whole = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(room, size), size)
    return np.asarray(whole[: len(sound)])
