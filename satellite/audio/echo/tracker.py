"""The echo's delay, found at the beginning of each sound and followed while it lasts."""

from __future__ import annotations

import logging
from enum import Enum

import numpy as np
import numpy.typing as npt

from satellite.audio.echo.clocks import Clocks
from satellite.audio.echo.delay import MOST, WINDOW, Delay, find_delay
from satellite.audio.echo.kalman import KalmanFilter
from satellite.audio.echo.least_squares import HEAD
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.values import SPEECH

_LOGGER = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]

_SURE = 16.0
"""Clarity of a delay that is accepted at once: echoes soon have more, and up to 90 (measured)."""

_LIKELY = 10.0
"""Clarity of a delay that is accepted when it is found twice. By chance noise reaches 8 and another
voice 13 (measured), seldom twice with the same delay."""

_UNEXPLAINED = 4
"""Echoes in a row that the known path does not explain, after which it is given up."""

_SAME = 8
"""Samples by which two measurements of one delay may differ."""

_MISALIGNED = 0.25
"""Samples by which the echo of a new sound may miss its expected position: more is audible."""

_SYNC = 1.5
"""Samples by which the echo may move while it is cancelled well enough: the filter follows."""

_GOOD = 0.25
"""Part of the sound's power that is left (-6 dB) where the filter works."""

_FIRST_LOOK = SPEECH.rate // 4
"""Samples of a sound after which its delay can be looked for."""

_FAR = SPEECH.rate * 35 // 100
"""Delay in samples beyond which the first look waits for the echo as well. Without it an echo is
"found" in the noise before it (in 5 of 80 later replies at 0.45 and 0.9 s, never at 0.2 or 0.3 s),
and the reply begins with a second of no cancellation. A nearer echo is not waited for: its first
words would be taken for a stop word (tests/acceptance/test_room_leaks.py)."""

_OFTEN, _AGAIN, _SELDOM = SPEECH.rate // 8, SPEECH.rate // 4, SPEECH.rate
"""Samples between looks: while the delay of a sound is unknown; while little of its echo is
cancelled or the drift is unknown; and otherwise."""

_PATIENCE = 3 * SPEECH.rate
"""Samples of a sound without a known delay after which looks are seldom: it may have no echo."""

_AUDIBLE = 30.0
"""Root mean square of the played sound (of 32768) below which it has no echo."""


class EchoChange(Enum):
    """The result of a look."""

    NONE = 0
    MOVED = 1
    """The echo has another delay and the same path."""
    UNKNOWN = 2
    """There is an echo whose path is unknown."""


class Tracker:
    """Aligns played and recorded sound."""

    def __init__(self, reference: PlaybackReference, path: KalmanFilter) -> None:
        self.clocks = Clocks(reference)
        self.aligned = False
        """Whether an echo was found, in this sound or an earlier one."""
        self.known = False
        """Whether the delay of this sound is known: until then the path must not be adapted."""
        self._reference = reference
        self._path = path
        self._sound = self._began = self._next = 0
        self._before: Delay | None = None
        self._other: Delay | None = None
        self._unexplained = 0
        """Looks in a row that found an echo which the known path does not explain."""

    def look(self, recorded: bytes, residual: float) -> EchoChange:
        """Look for the echo in `recorded` when a look is due.

        `recorded` is WINDOW samples up to now, `residual` the part of their energy that was left
        after cancellation (0 to 1).
        """
        reference = self._reference
        if reference.sounds != self._sound:
            self._sound, self._began = reference.sounds, reference.now
            # before a late echo arrives, noise alone can look like one
            delay = reference.delay or 0
            self._next = self._began + _FIRST_LOOK + (delay if delay > _FAR else 0)
            self._before = self._other = None
            self._unexplained = 0
            self.known = False
            self.clocks.begin(reference.now)
        if reference.now < self._next:
            return EchoChange.NONE
        played = reference.take(reference.now - WINDOW - MOST, WINDOW + MOST)
        values = np.frombuffer(played, "<i2").astype(np.float32)
        if float(np.sqrt(np.mean(values[-WINDOW - MOST // 2 :] ** 2))) < _AUDIBLE:
            self._next = reference.now + _OFTEN
            return EchoChange.NONE
        sound = np.frombuffer(recorded, "<i2").astype(np.float32)
        sound[: max(0, WINDOW - (reference.now - self._began))] = 0  # from before the sound
        change = self._judge(sound, values, residual)
        early = reference.now < self._began + _PATIENCE
        if self.known:
            uncertain = residual > _GOOD or not self.clocks.is_known
            self._next = reference.now + (_AGAIN if uncertain else _SELDOM)
        else:
            self._next = reference.now + (_OFTEN if early else _SELDOM)
        return change

    def _judge(self, recorded: Floats, played: Floats, residual: float) -> EchoChange:
        direct = find_delay(recorded, played)
        now = self._reference.now
        middle = (max(now - WINDOW, self._began + round(direct.samples)) + now) // 2
        before, self._before = self._before, direct
        peak = self._path.peak()
        if peak is not None:
            by_path = find_delay(recorded, played, self._path.taps())
            other, self._other = self._other, by_path
            if _is_certain(by_path, other):
                if abs(by_path.samples + peak - direct.samples) < _SAME:
                    self.clocks.note(middle, direct.samples)
                return self._follow(by_path.samples, peak, middle, residual)
        if not _is_certain(direct, before):
            self._unexplained = 0
            return EchoChange.NONE
        if peak is not None and self.aligned:
            offset = direct.samples - self.clocks.offset(middle)
            if abs(offset - peak) < HEAD // 2:  # where it was, though its path is hardly known
                self.known = True
                return EchoChange.NONE
        if peak is not None:
            self._unexplained += 1
            if self._unexplained < _UNEXPLAINED:
                return EchoChange.NONE
        self._align(direct.samples - HEAD, HEAD, middle)
        self.clocks.note(middle, direct.samples)
        return EchoChange.UNKNOWN

    def _follow(self, offset: float, peak: int, position: int, residual: float) -> EchoChange:
        """Align by the offset at which the known path explains the echo, where it has moved."""
        distance = abs(offset - self.clocks.offset(position))
        moved = distance > _SYNC and residual > _GOOD if self.known else distance > _MISALIGNED
        if moved or not self.aligned:
            self._align(offset, peak, position)
            return EchoChange.MOVED
        self.known = True
        return EchoChange.NONE

    def _align(self, offset: float, peak: int, position: int) -> None:
        late = offset + peak
        _LOGGER.debug("echo found %.1f ms after the played sound", 1000 * late / SPEECH.rate)
        self.clocks.align(offset, position)
        self.aligned = self.known = True
        self._reference.delay = max(0, round(late))


def _is_certain(found: Delay, before: Delay | None) -> bool:
    twice = before is not None and abs(before.samples - found.samples) <= _SAME
    if before is not None and twice:
        return min(found.clarity, before.clarity) >= _LIKELY
    return found.clarity >= _SURE
