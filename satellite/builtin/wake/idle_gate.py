"""A detector's rest while there is nothing to hear, and its waking up without missing a word."""

from __future__ import annotations

from collections import deque

import msgspec

from satellite.builtin.wake.gate import SpeechGate

NAP = 0.32
"""Seconds of sound looked at together while there is nothing to hear: what it comes late by is
caught up long before a word is over."""

LEAD = 0.56
"""Seconds from before the gate opened that are judged, too: it may open late in a word's beginning.
"""


class AudioPiece(msgspec.Struct, frozen=True):
    """What a detector is to do next, in this order."""

    skip: int
    """Samples that it never hears."""
    recall: bytes
    """Sound that it takes in without judging, so that it knows what it would have known."""
    hear: bytes
    """Sound that it judges."""


class IdleGate:
    """Decides hop by hop what of one stream is heard, and keeps what may have to be heard later."""

    def __init__(self, hop: int, context: int) -> None:
        """Work in hops of `hop` samples for a detector whose answer depends on `context` hops."""
        self._gate = SpeechGate(hop)
        self._context = context
        self._kept = context + max(1, round(LEAD * 16000 / hop))
        self._waiting: deque[bytes] = deque()
        self._skipped = 0

    @property
    def patience(self) -> float:
        """Seconds of sound worth waiting for before `take`: what is shut need not open at once."""
        return 0.0 if self._gate.is_open else NAP

    def take(self, hops: list[bytes]) -> list[AudioPiece]:
        """Take the next hops; say what is to be done, nothing while the gate is shut."""
        pieces: list[AudioPiece] = []
        for hop, open_ in zip(hops, self._gate.opens(hops), strict=True):
            self._waiting.append(hop)
            if open_:
                pieces.append(self._wake())
            else:
                self._forget()
        return pieces

    def _wake(self) -> AudioPiece:
        hops, skipped = list(self._waiting), self._skipped
        self._waiting.clear()
        self._skipped = 0
        again = self._context if skipped else 0
        size = len(hops[0]) // 2
        return AudioPiece(skipped * size, b"".join(hops[:again]), b"".join(hops[again:]))

    def _forget(self) -> None:
        while len(self._waiting) > self._kept:
            self._waiting.popleft()
            self._skipped += 1
