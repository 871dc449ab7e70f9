"""How well a wake word was heard, and whether two microphones heard the same.

How well: the loudness of the last 1.4 s over the room's noise, in decibels, and a quarter of the
loudness itself. Microphones differ in gain, so that loudness alone says little; it decides where
the noise is the microphone's own, which says nothing of how far away somebody stands.

The same: the loudness of four bands of frequency in 32 frames of 40 ms is the sound's print; two
prints are alike when they rise and fall together, looked at over 80 ms: that everybody falls silent
after a word says nothing. In simulated rooms (reverberation 0.4 s, noise 6 to 35 dB below the
voice) prints of one word correlated at 0.65 or more, those of a word and of another sentence that
goes on or ends at the time at 0.59 or less, now and then at 0.64. Only who hears a word better than
the one who claims it asks, so that a mistake costs a wrong room and no answer.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from satellite.arbitration.protocol import PRINT
from satellite.values import SPEECH

MEMORY = 5.0
"""Seconds of sound that are of use: the room's noise is looked for in them."""

ALIKE = 0.65
"""Correlation from which two prints are the same sound."""

_FRAME = 640
"""Samples (40 ms) that are one frame."""
_EDGES = np.array((200, 700, 1500, 3000, 6000)) * _FRAME // SPEECH.rate
"""Borders of the bands, from Hz to bins: below is hum, above little of a voice."""
_BANDS = len(_EDGES) - 1
_FRAMES = PRINT // _BANDS
"""Frames in a print: 1.28 s, longer than most wake words."""
_LATE = 6
"""Frames at the end that are left out of a print, 0.24 s: another microphone may be as much behind,
and detectors are later than that."""
_STEP = 160
"""Samples (10 ms) by which prints are moved against each other."""
_SLACK = 0.24
"""Seconds by which two microphones' sound may be apart: their buffers and the network."""
_NOISE = 20
"""Percentage of the frames that are quieter than the noise is taken to be."""
_QUIETEST = -80.0
"""dBFS below which all is silence."""
_APART = 2
"""Frames from one to the other that a change is looked for in."""
_OVER = 3.0
"""Decibels over a band's noise below which nothing is told."""

Levels = npt.NDArray[np.float64]
"""dBFS of the bands, a row for each frame."""


class Fingerprint(msgspec.Struct, frozen=True):
    """How a word was heard."""

    quality: int
    """The greater the better, in decibels."""
    print: bytes
    """What it sounded like; empty where too little sound was heard before."""


def warm_up() -> None:
    """Have everything loaded that is needed: the first time takes much longer."""
    silence = bytes(SPEECH.bytes_of(MEMORY))
    similarity(bytes(PRINT), silence, 0.0)
    fingerprint_of(silence)


def fingerprint_of(audio: bytes) -> Fingerprint:
    """How the word was heard with which `audio` (16 kHz mono s16le, up to `MEMORY`) ends."""
    levels = _levels(audio, _FRAME)
    if len(levels) < _FRAMES + _LATE:
        levels = np.vstack([np.full((_FRAMES + _LATE - len(levels), _BANDS), _QUIETEST), levels])
        whole = False
    else:
        whole = True
    total = _sum(levels)
    noise = max(_QUIETEST, float(_quiet(total)))
    recent = np.sort(total[-_FRAMES - _LATE :])[-len(total[-_FRAMES - _LATE :]) // 3 :]
    loud = max(_QUIETEST, 10 * float(np.log10(np.mean(10 ** (recent / 10)))))
    clear = _over_noise(levels, levels)[-_FRAMES - _LATE : -_LATE]
    said = np.clip(np.rint((clear + 100) * 2), 0, 255).astype(np.uint8).tobytes()
    return Fingerprint(round(loud - noise + loud / 4), said if whole else b"")


def similarity(said: bytes, audio: bytes, ago: float) -> float:
    """How alike, -1 to 1, a print of a word is that was heard `ago` seconds before `audio` ends."""
    if len(said) != PRINT:
        return 0.0
    theirs = np.frombuffer(said, np.uint8).reshape(_FRAMES, _BANDS) / 2 - 100
    end = len(audio) - SPEECH.bytes_of(ago) - 2 * _FRAME * _LATE
    slack = SPEECH.bytes_of(_SLACK)
    first = max(0, end - 2 * _FRAME * _FRAMES - slack)
    ours = _levels(audio[first : end + slack], _STEP)
    ours = _over_noise(ours, _levels(audio, _FRAME))
    every = _FRAME // _STEP
    span = (_FRAMES - 1) * every + 1
    return max(
        (
            _correlation(theirs, ours[lag : lag + span : every])
            for lag in range(len(ours) - span + 1)
        ),
        default=0.0,
    )


def _levels(audio: bytes, step: int) -> Levels:
    """The levels of frames that begin every `step` samples; the last ends where `audio` does."""
    samples = np.frombuffer(audio[: len(audio) // 2 * 2], "<i2")
    if len(samples) < _FRAME:
        return np.empty((0, _BANDS))
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)
    frames = frames[(len(frames) - 1) % step :: step]
    window = np.hanning(_FRAME).astype(np.float32)
    spectrum = np.fft.rfft(frames * window)
    power = np.add.reduceat(spectrum.real**2 + spectrum.imag**2, _EDGES, axis=1)[:, :-1]
    scale = float(np.sum(window**2)) * 32768.0**2 * _FRAME / 2
    return np.asarray(10 * np.log10(np.maximum(power / scale, 1e-10)))


def _over_noise(levels: Levels, room: Levels) -> Levels:
    """Levels, those raised that are lost in the noise of the room."""
    if not len(room):
        return levels
    noise = np.maximum(_quiet(room), _QUIETEST)
    return np.asarray(np.maximum(levels, noise + _OVER))


def _quiet(levels: Levels) -> Levels:
    """The percentile `_NOISE` of each column; NumPy's own function has a megabyte imported."""
    rows = np.sort(levels, axis=0)
    place = (len(rows) - 1) * _NOISE / 100
    low = rows[int(place)]
    return np.asarray(low + (place % 1) * (rows[min(int(place) + 1, len(rows) - 1)] - low))


def _sum(levels: Levels) -> npt.NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.sum(10 ** (levels / 10), axis=1)))


def _correlation(a: Levels, b: Levels) -> float:
    """Pearson's, of changes: rooms and microphones colour sound."""
    a, b = a[_APART:] - a[:-_APART], b[_APART:] - b[:-_APART]
    size = float(np.sqrt(np.sum(a * a) * np.sum(b * b)))
    return float(np.sum(a * b)) / size if size > 1e-6 else 0.0
