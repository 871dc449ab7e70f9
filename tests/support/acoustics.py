"""Simulated room acoustics: noise, and the effect of a room on sound at a microphone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 16000

Samples = npt.NDArray[np.float64]
"""Sound in the range of 16-bit integers."""


def samples(pcm: bytes) -> Samples:
    """Convert s16le to numbers."""
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def pcm(sound: Samples) -> bytes:
    """Convert numbers to s16le, with clipping."""
    return np.clip(np.rint(sound), -32768, 32767).astype("<i2").tobytes()


def response(distance: float, reverberation: float, seed: int = 0) -> Samples:
    """Return a room's impulse response, with energy 1.

    It is the direct sound, falling with `distance` (m), and noise that decays by 60 dB in
    `reverberation` seconds (Moorer 1979); both are equally strong at 1 m.
    """
    count = max(1, round(0.8 * reverberation * RATE))
    time = np.arange(count) / RATE
    tail = np.random.default_rng(seed).normal(0, 1, count) * 10 ** (-3 * time / reverberation)
    tail[: round(0.002 * RATE)] = 0
    tail /= np.sqrt(np.sum(tail**2)) or 1
    tail[0] = 1 / distance
    return np.asarray(tail / np.sqrt(np.sum(tail**2)))


def heard(sound: Samples, room: Samples) -> Samples:
    """Convolve a sound with a room's response, cut to the length of the sound."""
    size = 1 << (len(sound) + len(room) - 1).bit_length()
    whole = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(room, size), size)
    return np.asarray(whole[: len(sound)])


def loudness(sound: Samples) -> float:
    """Return the level in dBFS without pauses: of the 20 ms frames within 30 dB of the loudest."""
    frames = sound[: len(sound) // 320 * 320].reshape(-1, 320)
    energy = (frames**2).mean(axis=1)
    if not energy.max(initial=0):
        return -200.0
    return float(10 * np.log10(energy[energy > energy.max() * 1e-3].mean() / 32768.0**2))


def at_level(sound: Samples, level: float) -> Samples:
    """Scale the sound to `level` dBFS."""
    return sound * 10 ** ((level - loudness(sound)) / 20)


def room_noise(seconds: float, level: float, seed: int = 0) -> Samples:
    """Return noise of a quiet room: pink, with a level that varies by 1 dB and a mains hum."""
    count = round(seconds * RATE)
    random = np.random.default_rng(seed)
    spectrum = np.fft.rfft(random.normal(0, 1, count))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)) / seconds, 20.0))
    noise = np.fft.irfft(spectrum, count)
    time = np.arange(count) / RATE
    noise *= 10 ** (np.sin(2 * np.pi * time / 7.3) / 20)
    noise += 0.5 * noise.std() * np.sin(2 * np.pi * 50 * time)
    return noise / noise.std() * 10 ** (level / 20) * 32768
