"""Echo cancellation: removes the sound of our own speaker from what the microphone hears.

Hand-written rather than WebRTC's AEC3 for the sake of the person who speaks over a reply. Measured
in simulated rooms (`tests.bench.echo_cancellation`; table in tests/bench/README.md): AEC3 removes
more echo (34 against 24 dB after 2 s, and 41 against 1 dB in the first half second ever), but its
suppressor takes the person's voice with it. Of 114 wake words spoken over replies, openWakeWord
hears 97 behind this canceller, 31 behind AEC3 and 17 without one; microWakeWord hears 69, 42 and
11. The word error rate of a command spoken over a reply is 4 %, 62 % and 141 %.
"""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt

from satellite.audio.echo.delay import MOST, WINDOW
from satellite.audio.echo.kalman import BLOCK, PARTITIONS, KalmanFilter
from satellite.audio.echo.least_squares import fit
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.audio.echo.stored_path import StoredPath
from satellite.audio.echo.tracker import Found, Tracker
from satellite.audio.ring_buffer import RingBuffer
from satellite.lib.persistence import StoredValue
from satellite.values import SPEECH

_LOGGER = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]

TAIL = SPEECH.rate // 2
"""Samples after the last sound in which the room may still ring."""

_MEMORY = 31 * BLOCK
"""Samples (1 s) of what was heard from which a path is fitted."""

_UNSEEN = 4
"""Newest blocks (128 ms) that a fit is not told: it has to be right about them, too. Who speaks
over the first sound makes it wrong."""

_FITS = (1, 8, 16, 32, 48, 64)
"""Blocks of echo (32 ms each) after which the path is fitted to all that was heard."""

_STEPS = 32
"""Of a fit that begins with nothing; each one later has half of them."""

_AGREED, _OLD = 0.003, 0.03
"""Doubt in a path that was fitted (-25 dB), and in one learned another day (-15 dB): things
were moved in the room, but seldom the speaker or the microphone."""

_RECENT = 0.9
"""Weight of the past, from block to block, in what is said of the last third of a second."""

_LOST = 0.5
"""Part of the sound's power that is left (-3 dB) where the path is another, or somebody speaks."""

_LOST_FOR = 32
"""Blocks (1 s) of that after which the path is fitted again."""

_BEST = 0.05
"""Part of the sound's power that is left (-13 dB) by a filter that is worth keeping."""

_KEEP = 3600 * SPEECH.rate
"""Samples from one keeping to the next: flash wears out, and rooms change slowly."""


class EchoCanceller:
    """Cancels the echo of `reference` in one stream; does nothing while nothing is played."""

    def __init__(
        self, reference: PlaybackReference, kept: StoredValue[StoredPath] | None = None
    ) -> None:
        """`kept` is where the path is remembered over a restart, if anywhere."""
        self._reference = reference
        self._filter = KalmanFilter()
        self._tracker = Tracker(reference, self._filter)
        self._kept = kept
        self._keep_at = 0
        """Position from which the path is worth keeping again."""
        self._position = 0
        """Where what waits begins, in samples of the microphone."""
        self._waiting = bytearray()
        self._heard = RingBuffer(2 * _MEMORY + 2 * BLOCK)
        self._heard.append(bytes(2 * _MEMORY))
        self._listening = self._working = False
        self._power = self._rest = 1.0
        """Energy of what was heard last while something was played, and of what was left of it."""
        self._echoes: int | None = None
        """Blocks of echo since the path was unknown; None where it is known well enough."""
        self._lost = 0
        """Blocks in which too much was left."""
        if kept is not None and (learned := kept.read()).taps:
            self._recall(learned)

    def process(self, audio: bytes) -> bytes:
        """Take the next samples, which `reference.now` counts already; return what is ready."""
        self._position = self._reference.now - (len(self._waiting) + len(audio)) // 2
        self._heard.append(audio)
        if not self._active() and not self._waiting:
            if self._listening:
                self._keep()
            self._working = self._listening = False
            return audio
        self._listening = True
        self._waiting += audio
        cleaned = bytearray()
        while len(self._waiting) >= 2 * BLOCK:
            cleaned += self._block(bytes(self._waiting[: 2 * BLOCK]))
            del self._waiting[: 2 * BLOCK]
            self._position += BLOCK
        if not self._active():
            cleaned += self._waiting
            self._waiting.clear()
        found = self._tracker.look(self._heard.since(self._heard.end - 2 * WINDOW), self._left)
        if found is Found.UNKNOWN:
            self._filter.forget()
            self._echoes = 0
        if found is not Found.NOTHING:
            self._refill()
            self._reference.through = self._through
        if self._echoes in _FITS:
            self._fit()
        return bytes(cleaned)

    @property
    def _left(self) -> float:
        return self._rest / self._power

    def _active(self) -> bool:
        """Whether what is heard now may be an echo."""
        delay = self._reference.delay
        late = MOST if delay is None else delay
        return self._reference.end > 0 and self._position < self._reference.end + late + TAIL

    def _block(self, audio: bytes) -> bytes:
        if not self._tracker.aligned:
            return audio
        if not self._working:
            self._refill()
        played = self._tracker.clocks.played(self._position, BLOCK)
        heard = np.frombuffer(audio, "<i2").astype(np.float32)
        sure = not self._reference.stopped  # that this is what is heard
        rest = self._filter.cancel(heard, played, learn=self._tracker.known and sure)
        before, after = float(heard @ heard), float(rest @ rest)
        if before > 0 and sure and played.any():
            self._reference.cancelled(self._position, before, min(before, after))
            self._power = _RECENT * self._power + before
            self._rest = _RECENT * self._rest + after
            if self._tracker.known:
                self._count()
        if after > before:  # the path has just changed
            return audio
        return np.clip(np.rint(rest), -32768, 32767).astype("<i2").tobytes()

    def _count(self) -> None:
        """A block of echo was heard."""
        if self._echoes is not None:
            self._echoes += 1
            if self._echoes > _FITS[-1]:
                self._echoes = None
            return
        self._lost = self._lost + 1 if self._left > _LOST else 0
        if self._lost > _LOST_FOR:
            self._lost = self._echoes = 0

    def _fit(self) -> None:
        """Learn the path at once from what was heard, where that is better than what is known."""
        self._echoes = (self._echoes or 0) + 1
        waiting = len(self._waiting)
        sound = self._heard.since(self._heard.end - waiting - 2 * _MEMORY)
        blocks = sound[: len(sound) - waiting]
        heard = np.frombuffer(blocks[len(blocks) % (2 * BLOCK) :], "<i2").astype(np.float32)
        first = self._position - len(heard)
        taps = PARTITIONS * BLOCK
        played = self._tracker.clocks.played(first - taps, taps + len(heard))
        known = self._filter.taps()
        unseen = _UNSEEN * BLOCK
        steps = _STEPS // 2 if known.any() else _STEPS
        found = fit(heard[:-unseen], played[:-unseen], known, steps)
        if _residual(heard, played, found, unseen) < _residual(heard, played, known, unseen):
            self._filter.remember(found, _AGREED)

    def _through(self, audio: bytes) -> bytes:
        """What the microphone hears of samples, as far as the path is known."""
        played = np.frombuffer(audio, "<i2").astype(np.float32)
        path = self._filter.taps()
        size = 1 << (len(played) + len(path)).bit_length()
        echo = np.fft.irfft(np.fft.rfft(played, size) * np.fft.rfft(path, size), size)
        return np.clip(np.rint(echo[: len(played)]), -32768, 32767).astype("<i2").tobytes()

    def _recall(self, learned: StoredPath) -> None:
        try:
            self._filter.remember(np.frombuffer(learned.taps, "<f4"), _OLD)
            self._tracker.clocks.recall(learned.drift)
        except ValueError as error:
            _LOGGER.warning("what was kept of the room's echo is of no use: %s", error)

    def _keep(self) -> None:
        """After a sound: keep the path now and then, where it is a good one."""
        if self._kept is None or self._left > _BEST or self._position < self._keep_at:
            return
        self._keep_at = self._position + _KEEP
        taps = self._filter.taps().astype("<f4").tobytes()
        self._kept.write(StoredPath(taps, self._tracker.clocks.drift))

    def _refill(self) -> None:
        count = PARTITIONS * BLOCK
        self._filter.refill(self._tracker.clocks.played(self._position - count, count))
        self._working = True


def _residual(heard: Floats, played: Floats, path: Floats, count: int) -> float:
    """The energy that a path leaves of the last `count` samples that were heard."""
    echo = np.convolve(played[-count - len(path) + 1 :], path, "valid")
    return float(((heard[-count:] - echo) ** 2).sum())
