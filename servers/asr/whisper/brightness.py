"""The high frequencies of speech, by which a voice in the room differs from one behind a wall.

A wall attenuates high frequencies far more than low ones. Of a television's speech in the next
room, it leaves vowels, at which a recognizer guesses. A voice in the room has its consonants,
however quiet, distant or noisy it is, since distance attenuates all frequencies much alike.
"""

from __future__ import annotations

import numpy as np

from servers.asr.whisper.speech_detection import Floats
from servers.asr.whisper.windows import RATE

LOW = (80.0, 700.0)
"""Hz: the fundamental and the first formant, which pass a wall."""
HIGH = (1500.0, 4000.0)
"""Hz: the second formant of most vowels, and consonants."""
FRAME = 512
"""Samples (32 ms): a consonant."""
LOUD, BACKGROUND = 0.95, 0.1
"""Quantiles of the frames' energy. A window has up to 0.4 s of background before its voice."""
LONGEST = 10 * RATE
"""Samples of a window that are measured, which takes at most 5 ms."""
FAINTEST = 0.05
"""Least energy of a voice as a part of the background's; less cannot be measured."""
UNKNOWN = 0.0
"""The brightness of sound that is too short to have one: that of an ordinary voice."""


def brightness(samples: Floats) -> float:
    """Return the level (dB) of the loudest high frequencies, compared with the loudest low ones.

    `samples` are at 16 kHz. Steady background noise does not count.
    """
    count = min(len(samples), LONGEST) // FRAME
    if count < 2:
        return UNKNOWN
    frames = samples[: count * FRAME].reshape(count, FRAME) * np.hanning(FRAME)
    energy = np.abs(np.fft.rfft(frames)) ** 2 + 1e-14
    at = np.fft.rfftfreq(FRAME, 1 / RATE)
    low, high = (_voiced(energy[:, (at >= f) & (at <= t)].sum(axis=1)) for f, t in (LOW, HIGH))
    return float(10 * np.log10(high / low))


def _voiced(energy: Floats) -> float:
    """Return the energy of the loudest frames above the background's."""
    loud, background = np.quantile(energy, (LOUD, BACKGROUND))
    return float(max(loud - background, FAINTEST * background))
