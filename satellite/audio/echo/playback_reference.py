"""The speaker's sound on the microphone's clock: the reference of an echo."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from satellite.audio.resample import Resampler
from satellite.values import SPEECH, AudioFormat

HISTORY = 5 * SPEECH.rate
"""Samples of the past that are stored: as late as a word in them may be asked for."""

AHEAD = 10 * SPEECH.rate
"""Samples stored that are still to be played; a player's pipe holds 3 s of them."""

LATE_STOP = 3 * SPEECH.rate // 10
"""Samples that a speaker plays at most after it was stopped: sound servers took 0.2 s."""


UNHEARD = 2 * SPEECH.rate // 5
"""Samples by which the echo may be later than its known delay: a sound server ran dry."""

PIECE = 512
"""Samples of the blocks in which echo is cancelled."""

_PIECES = HISTORY // PIECE
"""Blocks whose residual is stored."""


class PlaybackReference:
    """A tap on the speaker. Positions count the samples that the microphone has given (16 kHz).

    A sound is recorded here as if it began when its first samples were handed over, and went on
    without a gap; the echo canceller finds out how much later the microphone hears it.
    """

    def __init__(self) -> None:
        self.now = 0
        """Samples that the microphone has given."""
        self.sounds = 0
        """Number of sounds that began after silence."""
        self.delay: int | None = None
        """Samples from a position here to the microphone's echo of it; None until one was found."""
        self.apply_path: Callable[[bytes], bytes] | None = None
        """Returns the echo of played samples at the microphone; None while the path is unknown."""
        self.stopped = False
        """Whether it is unknown if the samples after the last `silenced` are played."""
        self._start = 0
        self._audio = bytearray()
        self._format: AudioFormat | None = None
        self._resampler: Resampler | None = None
        self._residuals: deque[tuple[int, float, float]] = deque(maxlen=_PIECES)

    @property
    def end(self) -> int:
        """Position after the last sample that was handed over."""
        return self._start + len(self._audio) // 2

    def advance(self, samples: int) -> None:
        """Count samples that the microphone has given."""
        self.now += samples
        # trimmed a second at a time, so that bytes are seldom moved
        if self._audio and self.now - self._start > HISTORY + SPEECH.rate:
            gone = min(self.now - HISTORY - self._start, len(self._audio) // 2)
            del self._audio[: 2 * gone]
            self._start += gone

    def played(self, audio: bytes, form: AudioFormat) -> None:
        """Take samples that are handed to the speaker."""
        if self._resampler is None or form != self._format:
            self.finished()
            self._format, self._resampler = form, Resampler(form, SPEECH)
        if self.stopped:
            self.stopped = False
            del self._audio[2 * max(0, self.now - self._start) :]
        if self.end <= self.now:
            self.sounds += 1
            self._begin()
        self._append(self._resampler.convert(audio))

    def finished(self) -> None:
        """Note that the last samples of a sound were handed over."""
        if self._resampler is not None:
            self._append(self._resampler.flush())

    def silenced(self) -> None:
        """Note that the speaker was stopped: samples that were not heard yet never will be."""
        if self._resampler is not None:
            self._resampler.flush()
        self.stopped = True
        last = self.now - (self.delay or 0) + LATE_STOP
        if last < self.end:
            del self._audio[2 * max(0, last - self._start) :]

    def note_residual(self, position: int, recorded: float, rest: float) -> None:
        """Note the energies of a block at a position, before and after its echo was cancelled."""
        self._residuals.append((position, recorded, rest))

    def residual(self, first: int, last: int) -> float | None:
        """Return the part of the energy recorded between two positions that was no echo, 0 to 1;
        None where no echo was cancelled for half the time."""
        blocks = [block for block in self._residuals if first <= block[0] < last]
        recorded = sum(energy for _, energy, _ in blocks)
        if not recorded or not blocks or 2 * len(blocks) * PIECE < last - first:
            return None
        return sum(rest for _, _, rest in blocks) / recorded

    def take(self, start: int, count: int) -> bytes:
        """Return samples from position `start` on; silence where nothing was played."""
        first, last = max(start, self._start), min(start + count, self.end)
        if first >= last:
            return bytes(2 * count)
        found = self._audio[2 * (first - self._start) : 2 * (last - self._start)]
        return bytes(2 * (first - start)) + bytes(found) + bytes(2 * (start + count - last))

    def _begin(self) -> None:
        """Go on at the present position, with silence since the last sound."""
        gap = self.now - self.end
        if gap > HISTORY:
            self._audio.clear()
            self._start = self.now
        else:
            self._audio += bytes(2 * gap)

    def _append(self, audio: bytes) -> None:
        self._audio += audio[: 2 * max(0, self.now + AHEAD - self.end)]
