"""A cheap detector of sound above the room's noise, which saves the networks' work in silence.

The room's noise is estimated in a few frequency bands, as the quietest quarter of the last seconds
(quantile noise estimation: Stahl, Fischer, Bippus, ICASSP 2000). A sound opens the gate when it
stands out of the noise in any band; the gate then stays open for a while.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from satellite.values import SPEECH

MARGIN = 1.5
"""Decibels by which a room's noise varies; a sound has to exceed that to open the gate."""

CERTAINTY = 4.5
"""Standard deviations of a band's level in steady noise, beyond the margin, that open the gate."""

LOUD_HOPS = 2
OF_HOPS = 5
"""Loud hops that open the gate, and the latest hops among which they are counted: a single knock or
click does not open it."""

HOLD = 1.6
"""Seconds for which the gate stays open after the last loud hop: a word is found up to half a
second after its end, and has weak sounds in it."""

MEMORY = 3.0
"""Seconds over which the noise is estimated: longer than a sentence goes on without a pause."""

_QUANTILE = 0.25
"""Quantile of the levels that is taken for the noise."""

_LEARN = 0.32
"""Seconds from one estimate of the noise to the next."""

_EDGES = (125, 500, 1000, 2000, 4000, 6500)
"""Borders of the bands in Hz; below them is hum and rumble, above them little of a voice."""

_WINDOW_LOSS = 1.5
"""Neighbouring bins of a spectrum with a Hann window that are worth one independent bin (its noise
bandwidth: Harris 1978, table 1)."""

_QUIETEST = -100.0
"""dBFS in a band below which levels count as equal: a flicker of the last bit is louder."""


class SpeechGate:
    """A gate for one audio stream in hops of equal length; open until the noise is known."""

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
        self._count = 0
        self._hold = round(HOLD / seconds)
        self._remaining = self._hold
        self._recent: deque[bool] = deque(maxlen=OF_HOPS)
        self._undecided: list[bytes] = []

    @property
    def is_open(self) -> bool:
        """Whether the gate is open after the last hop."""
        return self._remaining > 0

    def opens(self, hops: list[bytes]) -> list[bool]:
        """Return for each of the next hops (s16le) whether the gate is open.

        A few at once cost little more than one, and the result is the same as one by one: while the
        gate stays open in any case, hops wait for each other.
        """
        self._undecided += hops
        if len(self._undecided) < self._remaining:
            return [True] * len(hops)
        waiting, self._undecided = self._undecided, []
        return self._decide_all(waiting)[-len(hops) :]

    def _decide_all(self, hops: list[bytes]) -> list[bool]:
        decided = []
        for level in self._level(b"".join(hops), len(hops)):
            if self._count % self._every == 0:
                noise = np.partition(self._levels, self._rank, axis=0)[self._rank]
                self._limit = noise + self._margin
            self._levels[self._count % len(self._levels)] = level
            self._count += 1
            decided.append(self._decide(bool((level > self._limit).any())))
        return decided

    def _decide(self, loud: bool) -> bool:
        self._recent.append(loud)
        if loud and (self._remaining or sum(self._recent) >= LOUD_HOPS):
            self._remaining = self._hold
        elif self._remaining:
            self._remaining -= 1
        return self._remaining > 0

    def _level(self, sound: bytes, count: int) -> npt.NDArray[np.float32]:
        """Return the levels of the bands in dBFS, a row for each of `count` hops."""
        hops = np.frombuffer(sound, "<i2").reshape(count, -1)
        spectrum = np.fft.rfft(hops * self._window)
        power = np.add.reduceat(spectrum.real**2 + spectrum.imag**2, self._edges, axis=1)[:, :-1]
        level: npt.NDArray[np.float32] = 10 * np.log10(
            np.maximum(power / self._scale, 10 ** (_QUIETEST / 10))
        )
        return level
