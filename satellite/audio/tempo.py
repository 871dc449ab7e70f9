"""Speech at another speed and the same pitch (WSOLA: waveform similarity overlap-add).

Pieces of the sound are laid over each other closer together or further apart than they were; each
is taken from where it continues the one before best (Verhelst and Roelands, 1993).
"""

from __future__ import annotations

from typing import Any

from satellite.values import AudioFormat

WINDOW = 0.03
"""Seconds of a piece: two to three periods of a low voice."""

SEARCH = 0.0125
"""Seconds by which a piece may be moved: one period of a voice of 80 Hz."""


class Tempo:
    """Changes the speed of a sound that comes in chunks. The first channel alone is compared."""

    def __init__(self, speed: float, form: AudioFormat) -> None:
        """`speed`: 2 takes half the time, 0.5 twice as much."""
        import numpy as np  # only where another speed is wanted: it costs 0.1 s to import

        self.format = form
        """The format of the sound, which does not change."""
        self._np = np
        self._speed = speed
        self._hop = max(1, round(form.rate * WINDOW / 2))
        self._search = max(1, round(form.rate * SEARCH))
        ramp = np.arange(self._hop, dtype=np.float32) / self._hop
        self._rise = (0.5 - 0.5 * np.cos(np.pi * ramp))[:, None]
        self._sound = np.zeros((0, form.channels), np.float32)
        self._position = 0.0
        """Where the next piece would begin in `_sound`, at the chosen speed."""
        self._tail: Any = None
        """The natural continuation of what was put out, as long as a hop."""

    def convert(self, audio: bytes) -> bytes:
        """Return the sound that is certain after this chunk, which holds whole frames."""
        np = self._np
        samples = np.frombuffer(audio, "<i2").reshape(-1, self.format.channels)
        self._sound = np.concatenate([self._sound, samples.astype(np.float32)])
        return self._put_out(0)

    def flush(self) -> bytes:
        """Return the rest of the sound."""
        np = self._np
        silence = np.zeros((2 * (self._hop + self._search), self.format.channels), np.float32)
        length = len(self._sound)
        if not length:
            return b""
        self._sound = np.concatenate([self._sound, silence])
        rest = self._put_out(length)
        if not rest and self._tail is not None:
            rest = self._encoded([self._tail])
        self._tail = None
        return rest

    def _put_out(self, end: int) -> bytes:
        """`end`: where the sound ends, after which silence was added; 0 before that is known."""
        hop, search = self._hop, self._search
        done = []
        while True:
            first = int(self._position)
            if first + search + 2 * hop > len(self._sound) or (end and first >= end):
                break
            if self._tail is None:
                start = first
                piece = self._sound[start : start + hop]
            else:
                low = max(0, first - search)
                window = self._sound[low : first + search + hop, 0]
                start = low + self._best(window, self._tail[:, 0])
                new = self._sound[start : start + hop]
                piece = self._tail * (1 - self._rise) + new * self._rise
            done.append(piece)
            self._tail = self._sound[start + hop : start + 2 * hop]
            self._position += hop * self._speed
        used = max(0, int(self._position) - search)
        if used:
            self._tail = None if self._tail is None else self._tail.copy()
            self._sound = self._sound[used:]
            self._position -= used
        return self._encoded(done) if done else b""

    def _best(self, window: Any, wanted: Any) -> int:
        """Return where in a window the sound is most similar to the wanted one."""
        np = self._np
        similar = np.correlate(window, wanted, "valid")
        sums = np.concatenate([[0.0], np.cumsum(window.astype(np.float64) ** 2)])
        energy = sums[len(wanted) :] - sums[: -len(wanted)]
        return int(np.argmax(similar / np.sqrt(np.maximum(energy, 1.0))))

    def _encoded(self, pieces: list[Any]) -> bytes:
        np = self._np
        whole = np.clip(np.rint(np.concatenate(pieces)), -32768, 32767)
        return bytes(whole.astype("<i2").tobytes())
