"""Whether there is something to hear: a cheap look at the sound before a network spends time on it.

The room's noise is followed in a few bands of frequency, as the quarter of the last seconds that
was the quietest there (quantile noise estimation: Stahl, Fischer, Bippus, ICASSP 2000). A sound
opens the gate when it stands out of the noise in any band; it then stays open for a while.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from satellite.values import SPEECH

MARGIN = 1.5
"""Decibels by which a room's noise wanders; what opens the gate is above that."""

CERTAINTY = 4.5
"""Standard deviations of a band's level in steady noise that open the gate, beside the margin."""

LOUD = 2
WITHIN = 5
"""So many hops of so many that stand out open the gate: a knock or a click alone does not."""

HOLD = 1.6
"""Seconds the gate stays open after the last sign: a word is found up to half a second after its
end, and has weak sounds in it."""

MEMORY = 3.0
"""Seconds that the noise is looked for in: longer than a sentence goes on without a pause."""

_QUANTILE = 0.25
"""Part of the memory that is quieter than what is taken for the noise."""

_LEARN = 0.32
"""Seconds from one estimate of the noise to the next."""

_EDGES = (125, 500, 1000, 2000, 4000, 6500)
"""Borders of the bands in Hz; below them is hum and rumble, above them little of a voice."""

_WINDOW_LOSS = 1.5
"""How many neighbouring bins of a spectrum through a Hann window tell as much as one does alone
(its noise bandwidth: Harris 1978, table 1)."""

_QUIETEST = -100.0
"""dBFS in a band below which nothing is told apart: a flicker of the last bit is louder."""


class SpeechGate:
    """Looks at one audio stream in hops of equal length; open at first, until it knows the room."""

    def __init__(self, hop: int) -> None:
        """Prepare for hops of `hop` samples at 16 kHz."""
        self._window = np.hanning(hop).astype(np.float32)
        self._edges = np.array(_EDGES) * hop // SPEECH.rate
        # the power of a bin in noise is exponentially distributed: of n bins, 4.34 dB / sqrt(n)
        bins = np.diff(self._edges) / _WINDOW_LOSS
        self._margin = (MARGIN + CERTAINTY * 10 / np.log(10) / np.sqrt(bins)).astype(np.float32)
        self._scale = float(np.sum(self._window**2)) * 32768.0**2 * hop / 2
        seconds = hop / SPEECH.rate
        self._levels = np.full((round(MEMORY / seconds), len(_EDGES) - 1), -np.inf, np.float32)
        self._limit = self._levels[0]
        self._rank = int(len(self._levels) * _QUANTILE)
        self._every = max(1, round(_LEARN / seconds))
        self._seen = 0
        self._hold = round(HOLD / seconds)
        self._left = self._hold
        self._recent: deque[bool] = deque(maxlen=WITHIN)
        self._unjudged: list[bytes] = []

    @property
    def is_open(self) -> bool:
        """What was decided last."""
        return self._left > 0

    def opens(self, hops: list[bytes]) -> list[bool]:
        """Whether each of the next hops, s16le, is to be listened to.

        A few at once cost little more than one, and are judged as they would be one by one: while
        it stays open whatever they hold, they wait for each other.
        """
        self._unjudged += hops
        if len(self._unjudged) < self._left:
            return [True] * len(hops)
        waiting, self._unjudged = self._unjudged, []
        return self._judged(waiting)[-len(hops) :]

    def _judged(self, hops: list[bytes]) -> list[bool]:
        decided = []
        for level in self._level(b"".join(hops), len(hops)):
            if self._seen % self._every == 0:
                noise = np.partition(self._levels, self._rank, axis=0)[self._rank]
                self._limit = noise + self._margin
            self._levels[self._seen % len(self._levels)] = level
            self._seen += 1
            decided.append(self._judge(bool((level > self._limit).any())))
        return decided

    def _judge(self, loud: bool) -> bool:
        self._recent.append(loud)
        if loud and (self._left or sum(self._recent) >= LOUD):
            self._left = self._hold
        elif self._left:
            self._left -= 1
        return self._left > 0

    def _level(self, sound: bytes, count: int) -> npt.NDArray[np.float32]:
        """Loudness of the bands in dBFS, a row for each of `count` hops."""
        hops = np.frombuffer(sound, "<i2").reshape(count, -1)
        spectrum = np.fft.rfft(hops * self._window)
        power = np.add.reduceat(spectrum.real**2 + spectrum.imag**2, self._edges, axis=1)[:, :-1]
        level: npt.NDArray[np.float32] = 10 * np.log10(
            np.maximum(power / self._scale, 10 ** (_QUIETEST / 10))
        )
        return level
