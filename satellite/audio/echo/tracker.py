"""How late the echo is: looked for in each sound anew, and followed while it lasts."""

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
"""Clarity of a delay that is believed at once: echoes soon have more, and up to 90 (measured)."""

_LIKELY = 10.0
"""Clarity of a delay that is believed when it is found twice. By chance noise reaches 8 and another
voice 13 (measured), seldom twice with the same delay."""

_STRANGE = 4
"""Such findings in a row after which a path that is known is given up: it explains none of them."""

_SAME = 8
"""Samples by which two findings of one delay may differ."""

_BESIDE = 0.25
"""Samples by which a sound may begin beside where its echo is expected: more is heard."""

_SYNC = 1.5
"""Samples by which the echo may go astray while it is cancelled well enough: filters follow."""

_GOOD = 0.25
"""Part of the sound's power that is left (-6 dB) where the filter works."""

_FIRST_LOOK = SPEECH.rate // 4
"""Samples of a sound's echo after which its delay can be looked for; the echo is expected as late
as that of the sound before. Earlier it is "found" in noise (in 5 of 80 later replies, at delays of
0.45 and 0.9 s), and the reply begins with a second of no cancellation."""

_OFTEN, _AGAIN, _SELDOM = SPEECH.rate // 8, SPEECH.rate // 4, SPEECH.rate
"""Samples between looks: while the delay of a sound is not known; while little of its echo goes
away, or nothing is known of the clocks; and else."""

_PATIENCE = 3 * SPEECH.rate
"""Samples after which a sound that has no echo yet is looked for seldom: there may be none."""

_AUDIBLE = 30.0
"""Root mean square of what is played (of 32768) below which it has no echo."""


class Found(Enum):
    """What a look came to."""

    NOTHING = 0
    MOVED = 1
    """The echo is elsewhere in time, its path is the same."""
    UNKNOWN = 2
    """There is an echo of whose path nothing is known."""


class Tracker:
    """Keeps what was played and what is heard together in time."""

    def __init__(self, reference: PlaybackReference, path: KalmanFilter) -> None:
        self.clocks = Clocks(reference)
        self.aligned = False
        """Whether an echo is known."""
        self.known = False
        """Whether the delay of this sound is: before that, nothing is to be learned from it."""
        self._reference = reference
        self._path = path
        self._sound = self._began = self._next = 0
        self._before: Delay | None = None
        self._other: Delay | None = None
        self._strange = 0
        """Looks in which there was an echo that the known path does not explain."""

    def look(self, heard: bytes, left: float) -> Found:
        """Look from time to time in what was `heard`, WINDOW samples up to now, of which `left`
        is the part that was not taken away (0 to 1)."""
        reference = self._reference
        if reference.sounds != self._sound:
            self._sound, self._began = reference.sounds, reference.now
            # before its echo arrives, noise alone can look like one
            self._next = self._began + (reference.delay or 0) + _FIRST_LOOK
            self._before = self._other = None
            self._strange = 0
            self.known = False
            self.clocks.begin(reference.now)
        if reference.now < self._next:
            return Found.NOTHING
        played = reference.take(reference.now - WINDOW - MOST, WINDOW + MOST)
        values = np.frombuffer(played, "<i2").astype(np.float32)
        if float(np.sqrt(np.mean(values[-WINDOW - MOST // 2 :] ** 2))) < _AUDIBLE:
            self._next = reference.now + _OFTEN
            return Found.NOTHING
        sound = np.frombuffer(heard, "<i2").astype(np.float32)
        sound[: max(0, WINDOW - (reference.now - self._began))] = 0  # there is none of it in that
        found = self._judge(sound, values, left)
        early = reference.now < self._began + _PATIENCE
        if self.known:
            restless = left > _GOOD or not self.clocks.told
            self._next = reference.now + (_AGAIN if restless else _SELDOM)
        else:
            self._next = reference.now + (_OFTEN if early else _SELDOM)
        return found

    def _judge(self, heard: Floats, played: Floats, left: float) -> Found:
        direct = find_delay(heard, played)
        now = self._reference.now
        middle = (max(now - WINDOW, self._began + round(direct.samples)) + now) // 2
        before, self._before = self._before, direct
        peak = self._path.peak()
        if peak is not None:
            through = find_delay(heard, played, self._path.taps())
            other, self._other = self._other, through
            if _believed(through, other):
                if abs(through.samples + peak - direct.samples) < _SAME:
                    self.clocks.note(middle, direct.samples)
                return self._follow(through.samples, peak, middle, left)
        if not _believed(direct, before):
            self._strange = 0
            return Found.NOTHING
        if peak is not None and self.aligned:
            offset = direct.samples - self.clocks.offset(middle)
            if abs(offset - peak) < HEAD // 2:  # where it was, though little is known of its path
                self.known = True
                return Found.NOTHING
        if peak is not None:
            self._strange += 1
            if self._strange < _STRANGE:
                return Found.NOTHING
        self._align(direct.samples - HEAD, HEAD, middle)
        self.clocks.note(middle, direct.samples)
        return Found.UNKNOWN

    def _follow(self, offset: float, peak: int, position: int, left: float) -> Found:
        """The known path fits what was heard by an offset."""
        beside = abs(offset - self.clocks.offset(position))
        astray = beside > _SYNC and left > _GOOD if self.known else beside > _BESIDE
        if astray or not self.aligned:
            self._align(offset, peak, position)
            return Found.MOVED
        self.known = True
        return Found.NOTHING

    def _align(self, offset: float, peak: int, position: int) -> None:
        late = offset + peak
        _LOGGER.debug("echo found %.1f ms after what is played", 1000 * late / SPEECH.rate)
        self.clocks.align(offset, position)
        self.aligned = self.known = True
        self._reference.delay = max(0, round(late))


def _believed(found: Delay, before: Delay | None) -> bool:
    twice = before is not None and abs(before.samples - found.samples) <= _SAME
    if before is not None and twice:
        return min(found.clarity, before.clarity) >= _LIKELY
    return found.clarity >= _SURE
