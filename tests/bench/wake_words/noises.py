"""Noise of homes: a fan, running water, music, babble of several voices, and a television."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np

from tests.soak import other_sounds
from tests.support.acoustics import RATE, Samples, heard

Noise = Callable[[int, np.random.Generator, Sequence[Samples]], Samples]
"""Makes a number of samples; the speech is that of other people."""

_PIECES = 5
"""Pieces of music."""


def fan(count: int, random: np.random.Generator, speech: Sequence[Samples]) -> Samples:
    """Return noise that falls by 4 dB an octave, with the hum of a motor and of its blades."""
    spectrum = np.fft.rfft(random.normal(0, 1, count))
    frequency = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 40)
    sound = np.fft.irfft(spectrum * frequency**-0.66, count)
    sound /= sound.std()
    time = np.arange(count) / RATE
    blades = random.uniform(80, 160)
    for number in range(1, 6):
        sound += 0.3 / number * np.sin(2 * np.pi * number * blades * time + random.uniform(0, 6))
    return sound


def water(count: int, random: np.random.Generator, speech: Sequence[Samples]) -> Samples:
    """Return the hiss of a tap, which wavers, and drops and bubbles that ring at 0.5 to 3 kHz."""
    spectrum = np.fft.rfft(random.normal(0, 1, count))
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    sound = np.fft.irfft(spectrum * np.minimum(1, frequency / 1500), count)
    slow = np.interp(
        np.arange(count),
        np.arange(0, count + 800, 800),
        1 + 0.4 * random.normal(0, 1, len(np.arange(0, count + 800, 800))),
    )
    sound *= np.maximum(slow, 0.2) / sound.std()
    ring = np.arange(RATE // 40) / RATE
    for start in random.integers(0, max(1, count - len(ring)), round(60 * count / RATE)):
        pitch = random.uniform(500, 3000)
        bubble = np.sin(2 * np.pi * pitch * (1 + 4 * ring) * ring) * np.exp(-150 * ring)
        sound[start : start + len(ring)] += random.uniform(0.5, 3) * bubble
    return sound


def music(count: int, random: np.random.Generator, speech: Sequence[Samples]) -> Samples:
    """Return chords, a melody and a drum."""
    piece = _music(int(random.integers(_PIECES)))
    return np.asarray(np.resize(np.roll(piece, int(random.integers(len(piece)))), count))


@functools.cache
def _music(number: int) -> Samples:
    """Return one of a few pieces of music, which take long to make."""
    return other_sounds.music(np.random.default_rng(number), 24 * RATE)


def babble(count: int, random: np.random.Generator, speech: Sequence[Samples]) -> Samples:
    """Return six voices at once."""
    return sum((_talk(count, random, speech) for _ in range(6)), np.zeros(count))


def television(count: int, random: np.random.Generator, speech: Sequence[Samples]) -> Samples:
    """Return one voice, with soft music behind it in half of the cases."""
    talk = _talk(count, random, speech)
    if random.integers(2):
        behind = music(count, random, speech)
        talk = talk + 0.2 * talk.std() / behind.std() * behind
    return talk


KINDS: tuple[Noise, ...] = (fan, water, music, babble, television)


def noise(
    kind: Noise,
    count: int,
    room: Samples,
    random: np.random.Generator,
    speech: Sequence[Samples],
) -> Samples:
    """Return noise of a kind that comes from another place in a room, with a level of 1 (rms)."""
    lead = len(room)
    sound = heard(kind(count + lead, random, speech), room)[lead:]
    return sound / (sound.std() or 1)


def _talk(count: int, random: np.random.Generator, speech: Sequence[Samples]) -> Samples:
    """Return sentences one after another, from within one of them."""
    parts: list[Samples] = []
    total = -int(random.integers(0, 2 * RATE))
    skip = -total
    while total < count:
        sentence = speech[int(random.integers(len(speech)))]
        parts += [sentence / sentence.std(), np.zeros(int(random.integers(RATE // 10, RATE // 2)))]
        total += len(parts[-2]) + len(parts[-1])
    return np.concatenate(parts)[skip : skip + count]
