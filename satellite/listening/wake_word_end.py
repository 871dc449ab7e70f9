"""Finds the pause between a wake word and the request that follows it, from loudness alone.

Wake engines report a word between 0 and 0.5 s after its end. The sound before that may hold the end
of the wake word, which would be transcribed, or the first syllables of the request, or both.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from satellite.values import SPEECH

HOP = SPEECH.rate // 100
"""Samples (10 ms) whose loudness is measured together."""
MEMORY = 200
"""Hops (2 s) of sound considered: a wake word, and some sound before it."""
WORD = 120
"""Hops (1.2 s) that hold the loudest sound of a wake word."""
DROP = 28.0
"""Decibels by which a pause is quieter than the word, in a quiet room."""
ABOVE_NOISE = 0.3
"""Part of the difference between noise and word, in decibels, up to which a sound is a pause, in a
noisy room."""
PAUSE = 8
"""Hops (80 ms) of the shortest pause; the closures of consonants are shorter."""
REACH = 40
"""Hops (0.4 s) before the detection in which a pause must end to be that after the wake word;
earlier ones are within it, such as that of "okay, nabu"."""
LEAST = 20
"""Hops (0.2 s) of sound that a wake word has at least: a pause without them is that before it."""
FADE = 6
"""Hops (60 ms) in which a wake word fades away. The rest of the pause belongs to the request, whose
first consonant may be soft."""
CONTRAST = 10.0
"""Decibels between noise and word below which a pause cannot be recognized."""

Floats = npt.NDArray[np.float64]


def wake_word_end(sound: bytes) -> int | None:
    """Return how many samples before its detection a wake word had ended; None if unknown.

    `sound` is 16 kHz mono, up to the detection. The result is unknown if the voice does not pause,
    or if the pause has just begun.
    """
    levels = _levels(sound)
    if len(levels) < WORD:
        return None
    loudest, noise = levels[-WORD:].max(), np.quantile(levels, 0.05)
    if loudest - noise < CONTRAST:
        return None
    quiet = levels < max(loudest - DROP, noise + ABOVE_NOISE * (loudest - noise))
    count = len(levels)
    pauses = [
        (start, end)
        for start, end in _runs(quiet)
        if end - start >= PAUSE
        and end >= count - REACH
        and np.count_nonzero(~quiet[max(0, start - WORD) : start]) >= LEAST
    ]
    if not pauses:
        return None
    start, end = max(pauses, key=lambda pause: pause[1] - pause[0])
    begin = min(start + FADE, end if end == count else (start + end) // 2)
    return (count - begin) * HOP


def _levels(sound: bytes) -> Floats:
    """Return the loudness of the last hops in decibels; the last one ends with the sound."""
    samples = np.frombuffer(sound[-2 * MEMORY * HOP :], "<i2").astype(np.float64)
    hops = samples[len(samples) % HOP :].reshape(-1, HOP)
    levels: Floats = 10 * np.log10((hops**2).mean(axis=1) + 1.0)
    return levels


def _runs(quiet: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the begin and end of each run of quiet hops."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], quiet, [False])).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
