"""Finds the pause between a wake word and the request that follows it, from loudness alone.

Wake engines report a word between 0.2 s before and 0.5 s after its end. The sound around that may
hold the end of the wake word, which would be transcribed, or the first syllables of the request, or
both.
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
LEAST = 35
"""Hops (0.35 s) of sound that a wake word has at least: a pause without them is that before it, or
within it, as after "hey"."""
FADE = 6
"""Hops (60 ms) in which a wake word fades away. The rest of the pause belongs to the request, whose
first consonant may be soft."""
CONTRAST = 10.0
"""Decibels between noise and word below which a pause cannot be recognized."""
EARLY = 20
"""Hops (0.2 s) by which a word may be detected before its end. Measured with the Piper voice
en_US-joe-medium: "hey jarvis" and "hey rhasspy" 0.03 to 0.13 s."""
RECENT = 150
"""Hops (1.5 s) before a pause after the detection in which voice is counted."""
LONGEST_WORD = 90
"""Hops (0.9 s) of voice among these at most, as in a slow "okay nabu": with more, the request has
begun, and the pause is within it."""
DIGITAL_SILENCE = 3.0
"""Decibels up to which a hop is no sound of a room: a stream that has just begun, or a noise gate.
The noise of the room is measured in the others, if they are as many as hold a word."""
UNDECIDED = (EARLY + PAUSE) * HOP
"""Samples after a detection in which `late_wake_word_end` may find a pause."""

Floats = npt.NDArray[np.float64]


def wake_word_end(sound: bytes) -> int | None:
    """Return how many samples before its detection a wake word had ended; None if unknown.

    `sound` is 16 kHz mono, up to the detection. The result is unknown if the voice does not pause,
    or if the pause has just begun.
    """
    quiet = _quiet(sound)
    count = len(quiet)
    pauses = [
        (start, end)
        for start, end in _pauses(quiet)
        if end >= count - REACH and np.count_nonzero(~quiet[max(0, start - WORD) : start]) >= LEAST
    ]
    if not pauses:
        return None
    start, end = max(pauses, key=lambda pause: pause[1] - pause[0])
    return (count - _begin(start, end, count)) * HOP


def late_wake_word_end(sound: bytes, detected: int) -> int | None:
    """Return how many samples after its detection a wake word ended; None if unknown.

    `sound` is 16 kHz mono, and the word was detected `detected` samples before its end. For words
    whose end `wake_word_end` did not find: they were detected in their last syllable.
    """
    quiet = _quiet(sound)
    count = len(quiet)
    detection = count - detected // HOP
    for start, end in _pauses(quiet):
        voice = np.count_nonzero(~quiet[max(0, start - RECENT) : start])
        if detection - PAUSE <= start <= detection + EARLY and LEAST <= voice <= LONGEST_WORD:
            return (_begin(start, end, count) - detection) * HOP
    return None


def _quiet(sound: bytes) -> npt.NDArray[np.bool_]:
    """Return for each hop whether it may belong to a pause; empty if that cannot be recognized."""
    levels = _levels(sound)
    nothing = np.zeros(0, np.bool_)
    if len(levels) < WORD:
        return nothing
    loudest, noise = levels[-WORD:].max(), _noise(levels)
    if loudest - noise < CONTRAST:
        return nothing
    quiet: npt.NDArray[np.bool_] = levels < max(
        loudest - DROP, noise + ABOVE_NOISE * (loudest - noise)
    )
    return quiet


def _noise(levels: Floats) -> float:
    of_room = levels[levels > DIGITAL_SILENCE]
    return float(np.quantile(of_room if len(of_room) >= WORD else levels, 0.05))


def _pauses(quiet: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    return [(start, end) for start, end in _runs(quiet) if end - start >= PAUSE]


def _begin(start: int, end: int, count: int) -> int:
    """Return the hop within a pause from which the sound belongs to the request."""
    return min(start + FADE, end if end == count else (start + end) // 2)


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
