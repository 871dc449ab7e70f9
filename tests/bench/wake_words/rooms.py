"""Rooms by the image method: the response between a speaker and a microphone in a box.

Each wall mirrors the speaker; every image sounds weaker by the walls it was mirrored by and by its
distance (Allen and Berkley, JASA 65, 1979). Walls absorb all frequencies alike, as much as Eyring's
formula says for the reverberation time.
"""

from __future__ import annotations

import numpy as np

from tests.support.acoustics import RATE, Samples

SOUND = 343.0
"""Metres a second."""
SMALLEST, LARGEST = np.array([3.0, 3.2, 2.4]), np.array([5.5, 6.8, 2.8])
"""Metres of a room, from a bathroom's to a living room's."""
REVERBERATION = (0.25, 0.6)
"""Seconds in which the sound of a furnished room decays by 60 dB."""


def response(size: Samples, speaker: Samples, microphone: Samples, reverberation: float) -> Samples:
    """Return the response between two places (m) in a room of `size` (m), direct sound first, with
    energy 1; `reverberation` in seconds."""
    volume = float(np.prod(size))
    surface = 2 * float(size[0] * size[1] + size[0] * size[2] + size[1] * size[2])
    absorbed = 1 - np.exp(-0.161 * volume / (surface * reverberation))
    reflected = np.sqrt(1 - absorbed)
    longest = 0.8 * reverberation * SOUND
    places, mirrors = zip(
        *(_images(*axis, longest) for axis in zip(size, speaker, strict=True)), strict=True
    )
    x, y, z = (place - at for place, at in zip(places, microphone, strict=True))
    distance = np.sqrt(
        x[:, None, None] ** 2 + y[None, :, None] ** 2 + z[None, None, :] ** 2
    ).ravel()
    walls = (
        mirrors[0][:, None, None] + mirrors[1][None, :, None] + mirrors[2][None, None, :]
    ).ravel()
    near = distance < longest
    distance, walls = distance[near], walls[near]
    at = (distance - distance.min()) * (RATE / SOUND)
    first = at.astype(int)
    strength = reflected**walls / distance
    found = np.zeros(first.max() + 2)
    np.add.at(found, first, strength * (1 - (at - first)))
    np.add.at(found, first + 1, strength * (at - first))
    time = np.arange(len(found)) / RATE
    # mirrors in a box scatter nothing, so that it decays more slowly than real rooms of its walls
    found *= 10 ** (-3 * time * max(0.0, 1 / reverberation - 1 / decay(found)))
    return np.asarray(found / np.sqrt(np.sum(found**2)))


def decay(sound: Samples) -> float:
    """Return the seconds in which a response decays by 60 dB, judged from -5 to -25 dB
    (Schroeder, JASA 37, 1965)."""
    left = 10 * np.log10(np.cumsum(sound[::-1] ** 2)[::-1])
    left -= left[0]
    return float(3 * (np.argmax(left < -25) - np.argmax(left < -5)) / RATE)


def _images(length: float, place: float, longest: float) -> tuple[Samples, Samples]:
    """Return the places of the images along one axis, and by how many walls each was mirrored."""
    most = int(longest / length) + 1
    number = np.arange(-most, most + 1)
    places = np.where(number % 2 == 0, number * length + place, (number + 1) * length - place)
    return places, np.abs(number).astype(float)


def random_response(distance: float, random: np.random.Generator) -> Samples:
    """Return the response of a random room, where the microphone stands on furniture, and a mouth
    is `distance` (m) away."""
    while True:
        size = random.uniform(SMALLEST, LARGEST)
        microphone = np.array(
            [random.uniform(0.3, size[0] - 0.3), random.uniform(0.2, 0.5), random.uniform(0.7, 1.1)]
        )
        height = random.uniform(1.1, 1.7) - microphone[2]
        if abs(height) >= distance:
            height = 0.5 * distance * np.sign(height)
        angle = random.uniform(0.1, 0.9) * np.pi
        along = np.sqrt(distance**2 - height**2)
        speaker = microphone + np.array([along * np.cos(angle), along * np.sin(angle), height])
        if np.all(speaker > 0.2) and np.all(speaker < size - 0.2):
            return response(size, speaker, microphone, random.uniform(*REVERBERATION))
