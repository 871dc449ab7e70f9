"""Fingerprints of a wake word: how well it was heard, and whether two microphones heard the same.

Quality is the loudness of the last 1.4 s over the noise of the room, in decibels, plus a quarter of
the loudness itself. Microphones differ in gain, so loudness alone says little; it decides where the
noise is that of the microphone, which does not depend on the distance of the speaker.

The print of a sound is the loudness of four frequency bands in 32 frames of 40 ms. Two prints are
similar if they rise and fall together over 80 ms: the silence after a word proves nothing. In
simulated rooms (reverberation 0.4 s, noise 6 to 35 dB below the voice) the prints of one word
correlated at 0.65 or more; those of a word and of another sentence that went on or ended at the
time at 0.59 or less, occasionally at 0.64. Only a satellite that hears a word better than the one
that claims it compares prints, so that a mistake costs an answer in the wrong room, not the answer.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from satellite.arbitration.protocol import PRINT
from satellite.values import SPEECH

MEMORY = 5.0
"""Seconds of sound that are used: the noise of the room is estimated from them."""

ALIKE = 0.65
"""Correlation from which two prints count as the same sound."""

_FRAME = 640
"""Samples of a frame (40 ms)."""
_EDGES = np.array((200, 700, 1500, 3000, 6000)) * _FRAME // SPEECH.rate
"""Borders of the bands, from Hz to bins: below is hum, above hardly any voice."""
_BANDS = len(_EDGES) - 1
_FRAMES = PRINT // _BANDS
"""Frames in a print: 1.28 s, longer than most wake words."""
_LATE = 6
"""Frames at the end that a print leaves out, 0.24 s: another microphone may lag by as much, and
detectors fire later than that."""
_STEP = 160
"""Samples (10 ms) by which prints are shifted against each other."""
_SLACK = 0.24
"""Seconds by which the sound of two microphones may differ: buffers and the network."""
_NOISE = 20
"""Percentile of the frames' loudness that is taken for the noise."""
_QUIETEST = -80.0
"""dBFS below which everything counts as silence."""
_APART = 2
"""Frames between the two whose change is compared."""
_OVER = 3.0
"""Decibels over the noise of a band below which levels are ignored."""

Levels = npt.NDArray[np.float64]
"""dBFS of the bands, one row per frame."""


class Fingerprint(msgspec.Struct, frozen=True):
    """The quality and the print of a word."""

    quality: int
    """In decibels; higher is better."""
    print: bytes
    """Print of the sound, `PRINT` bytes; empty if there was too little sound before it."""


def warm_up() -> None:
    """Import and compute everything once: the first time takes much longer."""
    silence = bytes(SPEECH.bytes_of(MEMORY))
    similarity(bytes(PRINT), silence, 0.0)
    fingerprint_of(silence)


def fingerprint_of(audio: bytes) -> Fingerprint:
    """Return the fingerprint of the word at the end of `audio` (16 kHz mono s16le, up to
    `MEMORY`)."""
    levels = _levels(audio, _FRAME)
    if len(levels) < _FRAMES + _LATE:
        levels = np.vstack([np.full((_FRAMES + _LATE - len(levels), _BANDS), _QUIETEST), levels])
        complete = False
    else:
        complete = True
    total = _sum(levels)
    noise = max(_QUIETEST, float(_quiet(total)))
    recent = np.sort(total[-_FRAMES - _LATE :])[-len(total[-_FRAMES - _LATE :]) // 3 :]
    loud = max(_QUIETEST, 10 * float(np.log10(np.mean(10 ** (recent / 10)))))
    clear = _over_noise(levels, levels)[-_FRAMES - _LATE : -_LATE]
    print_ = np.clip(np.rint((clear + 100) * 2), 0, 255).astype(np.uint8).tobytes()
    return Fingerprint(round(loud - noise + loud / 4), print_ if complete else b"")


def similarity(print_: bytes, audio: bytes, age: float) -> float:
    """Return the similarity, -1 to 1, of a print to the sound `age` seconds before `audio` ends."""
    if len(print_) != PRINT:
        return 0.0
    theirs = np.frombuffer(print_, np.uint8).reshape(_FRAMES, _BANDS) / 2 - 100
    end = len(audio) - SPEECH.bytes_of(age) - 2 * _FRAME * _LATE
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
    """Return the levels of frames that start every `step` samples; the last ends with `audio`."""
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
    """Return the levels, those below the noise of the room raised to it."""
    if not len(room):
        return levels
    noise = np.maximum(_quiet(room), _QUIETEST)
    return np.asarray(np.maximum(levels, noise + _OVER))


def _quiet(levels: Levels) -> Levels:
    """Return the percentile `_NOISE` of each column; NumPy's own function imports a megabyte."""
    rows = np.sort(levels, axis=0)
    position = (len(rows) - 1) * _NOISE / 100
    low = rows[int(position)]
    return np.asarray(low + (position % 1) * (rows[min(int(position) + 1, len(rows) - 1)] - low))


def _sum(levels: Levels) -> npt.NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.sum(10 ** (levels / 10), axis=1)))


def _correlation(a: Levels, b: Levels) -> float:
    """Return Pearson's correlation of changes: rooms and microphones colour the sound itself."""
    a, b = a[_APART:] - a[:-_APART], b[_APART:] - b[:-_APART]
    size = float(np.sqrt(np.sum(a * a) * np.sum(b * b)))
    return float(np.sum(a * b)) / size if size > 1e-6 else 0.0
