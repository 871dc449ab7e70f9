"""Keeps a detector idle while there is no sound, and wakes it up without losing a word."""

from __future__ import annotations

from collections import deque

import msgspec

from satellite.builtin.wake.gate import SpeechGate
from satellite.values import SPEECH

NAP = 0.32
"""Seconds of sound looked at together while the gate is shut: the delay is caught up long before a
word is over."""

LEAD = 0.56
"""Seconds from before the gate opened that are processed, too: it may open late in a word's
beginning."""


class AudioPiece(msgspec.Struct, frozen=True):
    """The next steps of a detector, in this order."""

    skip: int
    """Samples to skip."""
    prime: bytes
    """Sound to take in without scoring, so that the detector's state is what it would have been."""
    process: bytes
    """Sound to score."""


class IdleGate:
    """Decides hop by hop which sound of one stream is processed, and stores what may have to be."""

    def __init__(self, hop: int, context: int) -> None:
        """Work in hops of `hop` samples, for a detector whose scores depend on `context` hops."""
        self._gate = SpeechGate(hop)
        self._context = context
        self._most = context + max(1, round(LEAD * SPEECH.rate / hop))
        self._waiting: deque[bytes] = deque()
        self._skipped = 0

    @property
    def patience(self) -> float:
        """Seconds of sound worth waiting for before `take`: a shut gate may open a little late."""
        return 0.0 if self._gate.is_open else NAP

    def take(self, hops: list[bytes]) -> list[AudioPiece]:
        """Take the next hops; return the detector's next steps, none while the gate is shut."""
        pieces: list[AudioPiece] = []
        for hop, open_ in zip(hops, self._gate.opens(hops), strict=True):
            self._waiting.append(hop)
            if open_:
                pieces.append(self._wake())
            else:
                self._trim()
        return pieces

    def _wake(self) -> AudioPiece:
        hops, skipped = list(self._waiting), self._skipped
        self._waiting.clear()
        self._skipped = 0
        primed = self._context if skipped else 0
        size = len(hops[0]) // 2
        return AudioPiece(skipped * size, b"".join(hops[:primed]), b"".join(hops[primed:]))

    def _trim(self) -> None:
        while len(self._waiting) > self._most:
            self._waiting.popleft()
            self._skipped += 1
