"""Echo cancellation: the sound of our own speaker is taken out of what the microphone hears."""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt

from satellite.audio.format import SPEECH
from satellite.audio.frontend.clocks import Clocks
from satellite.audio.frontend.delay import MOST, WINDOW, Delay, find_delay
from satellite.audio.frontend.kalman import BLOCK, PARTITIONS, KalmanFilter
from satellite.audio.frontend.learned import Learned
from satellite.audio.frontend.reference import Reference
from satellite.audio.ring import RingBuffer
from satellite.state import Kept

_LOGGER = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]

TAIL = SPEECH.rate // 2
"""Samples after the last sound in which the room may still ring."""

HEAD = 256
"""Samples between the beginning of the filter's window and the direct sound: as uncertain as the
delay is."""

_SURE = 16.0
"""Clarity of a delay that is believed at once."""

_LIKELY = 10.0
"""Clarity of a delay that is believed when it is found twice. By chance noise reaches 8 and another
voice 13 (measured), seldom twice with the same delay."""

_SAME = 8
"""Samples by which two findings of one delay may differ."""

_SYNC = 1.5
"""Samples by which the delay may differ from where the filter has its peak."""

_FIRST_LOOK = SPEECH.rate // 4
"""Samples of a sound after which its delay can be looked for."""

_OFTEN, _SELDOM = SPEECH.rate // 8, SPEECH.rate
"""Samples between looks, while the delay of a sound is not known, and when it is."""

_PATIENCE = 3 * SPEECH.rate
"""Samples after which a sound that has no echo yet is looked for seldom: there may be none."""

_GOOD = 0.25
"""Part of the sound's power that is left (-6 dB) where the filter works."""

_BEST = 0.05
"""Part of the sound's power that is left (-13 dB) by a filter that is worth keeping."""

_KEEP = 3600 * SPEECH.rate
"""Samples from one keeping to the next: flash wears out, and rooms change slowly."""

_FRESH = 94
"""Blocks (3 s) played in which a filter that knows nothing learns as much as it can."""

_REHEARSAL = 8
"""Blocks (0.26 s) after which it is shown again what it has heard last, while it is fresh: the
first reply is interrupted as well as later ones are."""

_AUDIBLE = 30.0
"""Root mean square of what is played (of 32768) below which it has no echo."""


class EchoCanceller:
    """Cancels the echo of `reference` in one stream; does nothing while nothing is played."""

    def __init__(self, reference: Reference, kept: Kept[Learned] | None = None) -> None:
        """`kept` is where the path is remembered over a restart, if anywhere."""
        self._reference = reference
        self._filter = KalmanFilter()
        self._kept = kept
        self._keep_at = 0
        """Position from which the path is worth keeping again."""
        self._clocks = Clocks(reference)
        self._aligned = False
        """Whether an echo is known."""
        self._position = 0
        """Where what waits begins, in samples of the microphone."""
        self._waiting = bytearray()
        self._heard = RingBuffer(2 * WINDOW)
        self._sound = 0
        self._began = 0
        self._next_look = 0
        self._before: Delay | None = None
        self._known = False
        """Whether the delay of this sound is: before that, nothing is learned from it."""
        self._beside = 0.0
        """Samples by which the filter was beside the delay last time."""
        self._listening = self._working = False
        self._left = 1.0
        self._fresh = 0
        """Blocks in which the filter still has everything to learn."""
        self._due = False
        """Whether it is to be shown again what was heard."""
        if kept is not None and (taps := kept.read().taps):
            self._recall(taps)

    def process(self, audio: bytes) -> bytes:
        """Take the next samples, which `reference.now` counts already; return what is ready."""
        self._position = self._reference.now - (len(self._waiting) + len(audio)) // 2
        if not self._active() and not self._waiting:
            if self._listening:
                self._keep()
            self._working = self._listening = False
            return audio
        if not self._listening:
            self._heard.append(bytes(2 * WINDOW))  # what was heard before is not remembered
            self._listening = True
        self._waiting += audio
        self._heard.append(audio)
        cleaned = bytearray()
        while len(self._waiting) >= 2 * BLOCK:
            cleaned += self._block(bytes(self._waiting[: 2 * BLOCK]))
            del self._waiting[: 2 * BLOCK]
            self._position += BLOCK
            if self._due:
                self._rehearse()
        if not self._active():
            cleaned += self._waiting
            self._waiting.clear()
        self._look()
        return bytes(cleaned)

    def _active(self) -> bool:
        """Whether what is heard now may be an echo."""
        delay = self._reference.delay
        late = MOST if delay is None else delay
        return self._reference.end > 0 and self._position < self._reference.end + late + TAIL

    def _block(self, audio: bytes) -> bytes:
        if not self._aligned:
            return audio
        if not self._working:
            self._refill()
        played = self._clocks.played(self._position, BLOCK)
        heard = np.frombuffer(audio, "<i2").astype(np.float32)
        rest = self._filter.cancel(heard, played, learn=self._known)
        before, after = float(heard @ heard), float(rest @ rest)
        if before > 0 and played.any():
            self._left += 0.1 * (min(after / before, 4.0) - self._left)
        if self._known and self._fresh and played.any():
            self._fresh -= 1
            self._due = self._fresh % _REHEARSAL == 0
        if after > before:  # the path has just changed
            return audio
        return np.clip(np.rint(rest), -32768, 32767).astype("<i2").tobytes()

    def _rehearse(self) -> None:
        """Learn once more from what was heard last."""
        self._due = False
        waiting = len(self._waiting)
        remembered = self._heard.since(self._heard.end - waiting - 2 * BLOCK * (WINDOW // BLOCK))
        whole = (len(remembered) - waiting) // (2 * BLOCK) * 2 * BLOCK
        blocks = remembered[len(remembered) - waiting - whole : len(remembered) - waiting]
        heard = np.frombuffer(blocks, "<i2").astype(np.float32)
        first = self._position - len(heard)
        before = PARTITIONS * BLOCK
        self._filter.refill(self._clocks.played(first - before, before))
        for start in range(0, len(heard), BLOCK):
            played = self._clocks.played(first + start, BLOCK)
            self._filter.cancel(heard[start : start + BLOCK], played)

    def _recall(self, taps: bytes) -> None:
        try:
            self._filter.remember(np.frombuffer(taps, "<f4"))
        except ValueError as error:
            _LOGGER.warning("what was kept of the room's echo is of no use: %s", error)

    def _keep(self) -> None:
        """After a sound: keep the path now and then, where it is a good one."""
        if self._kept is None or self._left > _BEST or self._position < self._keep_at:
            return
        self._keep_at = self._position + _KEEP
        self._kept.write(Learned(self._filter.taps().astype("<f4").tobytes()))

    def _refill(self) -> None:
        count = PARTITIONS * BLOCK
        self._filter.refill(self._clocks.played(self._position - count, count))
        self._working = True

    def _look(self) -> None:
        """Find out from time to time how late the echo is."""
        if self._reference.sounds != self._sound:
            self._sound, self._began = self._reference.sounds, self._reference.now
            self._next_look = self._began + _FIRST_LOOK
            self._before, self._known = None, False
            self._clocks.begin()
        if self._reference.now < self._next_look:
            return
        played = self._reference.take(self._reference.now - WINDOW - MOST, WINDOW + MOST)
        values = np.frombuffer(played, "<i2").astype(np.float32)
        if float(np.sqrt(np.mean(values[-WINDOW - MOST // 2 :] ** 2))) < _AUDIBLE:
            self._next_look = self._reference.now + _OFTEN
            return
        heard = np.frombuffer(self._heard.since(self._heard.end - 2 * WINDOW), "<i2")
        if self._judge(find_delay(heard.astype(np.float32), values)):
            self._known = True
        early = self._reference.now < self._began + _PATIENCE
        self._next_look = self._reference.now + (_OFTEN if early and not self._known else _SELDOM)

    def _judge(self, found: Delay) -> bool:
        """Whether the delay is known, after this finding."""
        before, self._before = self._before, found
        twice = before is not None and abs(before.samples - found.samples) <= _SAME
        if found.clarity < (_LIKELY if twice else _SURE):
            return False
        middle = self._reference.now - WINDOW // 2
        offset = self._clocks.offset(middle)
        peak = self._filter.peak()
        if not self._aligned or peak is None or not 0 <= peak < 4 * HEAD:
            if not self._aligned or abs(found.samples - HEAD - offset) > HEAD // 2:
                recalled = not self._aligned and peak is not None
                self._align(found.samples - (peak if recalled and peak else HEAD), middle)
                if not recalled:
                    self._filter.forget()
                self._fresh = _FRESH
                self._rehearse()
                self._rehearse()
        else:
            beside, self._beside = self._beside, found.samples - peak - offset
            sure = not self._known or (self._left > _GOOD and abs(self._beside - beside) < _SYNC)
            if sure and abs(self._beside) > _SYNC:
                self._align(found.samples - peak, middle)
        self._clocks.note(middle, found.samples)
        self._reference.delay = round(found.samples)
        return True

    def _align(self, offset: float, position: int) -> None:
        _LOGGER.debug("echo found %.1f ms after what is played", 1000 * offset / SPEECH.rate)
        self._clocks.align(offset, position)
        self._aligned = True
        self._refill()
