"""Sounds of people and rooms that are not addressed to anybody's recognizer: no words in them.

Like `tests.soak.other_sounds`: 16 kHz, -1 to 1, made of a random generator and a number of samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from satellite.values import SPEECH
from tests.soak import other_sounds

RATE = SPEECH.rate

Samples = npt.NDArray[np.float64]
Random = np.random.Generator
Maker = Callable[[Random, int], Samples]


def breath(random: Random, count: int) -> Samples:
    """Breathing close to a microphone: soft noise that swells every 1.5 to 3 s."""
    times = np.arange(count) / RATE
    swell = np.sin(np.pi * times / random.uniform(1.5, 3.0)) ** 4
    return _band(random.normal(0, 1, count) * swell, 200, 2500, 10 ** random.uniform(-2.5, -1.3))


def cough(random: Random, count: int) -> Samples:
    """Coughs: pairs and triples of bursts of noise, with the resonances of a throat."""
    sound = np.zeros(count)
    start = int(random.uniform(0.2, 0.6) * RATE)
    while start < count:
        for _ in range(int(random.integers(1, 4))):
            length = int(random.uniform(0.15, 0.35) * RATE)
            burst = random.normal(0, 1, length) * np.exp(-np.arange(length) / (0.06 * RATE))
            end = min(count, start + length)
            sound[start:end] += burst[: max(0, end - start)]
            start = end + int(random.uniform(0.05, 0.2) * RATE)
        start += int(random.uniform(0.8, 2.5) * RATE)
    throat = _band(sound, 350, 700, 1.0) + 0.7 * _band(sound, 1200, 2400, 1.0)
    return _peak(throat, 10 ** random.uniform(-1.0, -0.2))


def babble(random: Random, count: int) -> Samples:
    """A crowd: eight voices at once, none of which can be understood."""
    crowd = np.zeros(count)
    for _ in range(8):
        crowd += np.roll(other_sounds.talk(random, count), int(random.integers(count)))
    return _peak(crowd, 10 ** random.uniform(-1.5, -0.7))


def next_room(random: Random, count: int) -> Samples:
    """A television behind a wall: soft speech of which only the low frequencies arrive."""
    return _band(other_sounds.talk(random, count), 80, 500, 10 ** random.uniform(-3.0, -2.3))


def hum(random: Random, count: int) -> Samples:
    """A refrigerator or a mains hum, with overtones."""
    times = np.arange(count) / RATE
    base = random.choice([50.0, 60.0])
    waves = sum(np.sin(2 * np.pi * base * n * times) / n for n in range(1, 6))
    return _peak(np.asarray(waves), 10 ** random.uniform(-2.0, -0.7))


def clicks(random: Random, count: int) -> Samples:
    """Typing, or cutlery: single clicks that ring for some milliseconds."""
    impulses = (random.random(count) < 4 / RATE) * random.uniform(0.3, 1, count)
    ring = np.sin(2 * np.pi * 2500 * np.arange(400) / RATE) * np.exp(-np.arange(400) / 60)
    return 0.5 * np.convolve(impulses, ring)[:count]


NONSPEECH: Mapping[str, Maker] = {
    "silence": other_sounds.silence,
    "white noise": other_sounds.white,
    "pink noise": other_sounds.pink,
    "tones": other_sounds.tones,
    "music": other_sounds.music,
    "hum": hum,
    "clicks": clicks,
    "breath": breath,
    "cough": cough,
    "babble": babble,
    "next room": next_room,
}
"""By the names that the results show."""


def nonspeech(kind: str, seconds: float, seed: int) -> bytes:
    """Return sound of a kind, 16 kHz mono; the same for the same seed."""
    random = np.random.default_rng([seed, *kind.encode()])
    sound = NONSPEECH[kind](random, round(seconds * RATE))
    return (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()


def _band(sound: Samples, low: float, high: float, rms: float) -> Samples:
    """Return the part of a sound between two frequencies (Hz), at a level."""
    spectrum = np.fft.rfft(sound)
    at = np.fft.rfftfreq(len(sound), 1 / RATE)
    spectrum /= np.sqrt((1 + (low / np.maximum(at, 1e-3)) ** 8) * (1 + (at / high) ** 8))
    part = np.fft.irfft(spectrum, len(sound))
    return np.asarray(part * (rms / max(float(np.sqrt(np.mean(part**2))), 1e-9)))


def _peak(sound: Samples, peak: float) -> Samples:
    return np.asarray(sound * (peak / max(float(np.abs(sound).max()), 1e-9)))
