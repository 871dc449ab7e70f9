"""What the speaker is given, kept on the microphone's clock: what an echo is an echo of."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from satellite.audio.resample import Resampler
from satellite.values import SPEECH, AudioFormat

KEPT = 5 * SPEECH.rate
"""Samples kept of what was played: as late as a word in it may be asked for."""

AHEAD = 10 * SPEECH.rate
"""Samples kept of what is still to be played; a player's pipe holds 3 s of them."""

LATE_STOP = 3 * SPEECH.rate // 10
"""Samples that a speaker plays on at most when it is told to stop: sound servers took 0.2 s."""


PIECE = 512
"""Samples of the blocks in which echo is cancelled."""

_PIECES = KEPT // PIECE
"""Blocks of which is kept how much was left of them."""


class PlaybackReference:
    """A tap on the speaker. Positions count samples that the microphone has given (16 kHz).

    A sound is noted as if it began when its first samples were handed over, and went on without a
    gap; how much later the microphone hears it is for others to find out.
    """

    def __init__(self) -> None:
        self.now = 0
        """Samples that the microphone has given."""
        self.sounds = 0
        """How often something has begun to play out of silence."""
        self.delay: int | None = None
        """Samples by which the microphone hears what is played later than it is noted here; None
        where no echo was found."""
        self.through: Callable[[bytes], bytes] | None = None
        """What the room makes of samples that are played, where that is known."""
        self.stopped = False
        """Whether what is noted after the last `silenced` may be played or not."""
        self._start = 0
        self._audio = bytearray()
        self._format: AudioFormat | None = None
        self._resampler: Resampler | None = None
        self._cancelled: deque[tuple[int, float, float]] = deque(maxlen=_PIECES)

    @property
    def end(self) -> int:
        """Position after the last sample that was handed over."""
        return self._start + len(self._audio) // 2

    def hear(self, samples: int) -> None:
        """The microphone has given so many more."""
        self.now += samples
        # trimmed a second at a time, so that bytes are seldom moved
        if self._audio and self.now - self._start > KEPT + SPEECH.rate:
            gone = min(self.now - KEPT - self._start, len(self._audio) // 2)
            del self._audio[: 2 * gone]
            self._start += gone

    def played(self, audio: bytes, form: AudioFormat) -> None:
        """The speaker is handed samples."""
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
        """The last of a sound has been handed over."""
        if self._resampler is not None:
            self._append(self._resampler.flush())

    def silenced(self) -> None:
        """What was handed over and not heard yet never will be."""
        if self._resampler is not None:
            self._resampler.flush()
        self.stopped = True
        heard = self.now - (self.delay or 0) + LATE_STOP
        if heard < self.end:
            del self._audio[2 * max(0, heard - self._start) :]

    def cancelled(self, position: int, heard: float, rest: float) -> None:
        """Of a block that begins at a position, and was heard while something was played, so much
        of its energy is left."""
        self._cancelled.append((position, heard, rest))

    def left(self, first: int, last: int) -> float | None:
        """Part of the energy heard between two positions that was no echo, 0 to 1; None where no
        echo was cancelled for half the time."""
        pieces = [piece for piece in self._cancelled if first <= piece[0] < last]
        heard = sum(energy for _, energy, _ in pieces)
        if not heard or not pieces or 2 * len(pieces) * PIECE < last - first:
            return None
        return sum(rest for _, _, rest in pieces) / heard

    def take(self, start: int, count: int) -> bytes:
        """Samples from position `start` on; silence where nothing was played."""
        first, last = max(start, self._start), min(start + count, self.end)
        if first >= last:
            return bytes(2 * count)
        found = self._audio[2 * (first - self._start) : 2 * (last - self._start)]
        return bytes(2 * (first - start)) + bytes(found) + bytes(2 * (start + count - last))

    def _begin(self) -> None:
        """Go on at the present, with silence since the last sound."""
        gap = self.now - self.end
        if gap > KEPT:
            self._audio.clear()
            self._start = self.now
        else:
            self._audio += bytes(2 * gap)

    def _append(self, audio: bytes) -> None:
        self._audio += audio[: 2 * max(0, self.now + AHEAD - self.end)]
