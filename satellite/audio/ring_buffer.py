"""The last seconds of audio."""

from __future__ import annotations


class RingBuffer:
    """Holds the newest `capacity` bytes; positions count bytes from the first one ever added."""

    def __init__(self, capacity: int) -> None:
        self.end = 0
        """Position after the newest byte."""
        self._capacity = capacity
        self._audio = bytearray()

    def append(self, audio: bytes) -> None:
        """Add the newest audio, dropping the oldest."""
        self._audio += audio
        self.end += len(audio)
        # trimmed in halves, so that the cost of moving bytes is shared by many appends
        if len(self._audio) > 2 * self._capacity:
            del self._audio[: -self._capacity]

    def since(self, position: int) -> bytes:
        """Return the audio from `position` on, or from the oldest byte stored."""
        oldest = self.end - min(self._capacity, len(self._audio))
        length = self.end - max(position, oldest)
        return bytes(self._audio[-length:]) if length > 0 else b""
