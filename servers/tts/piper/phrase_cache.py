"""A cache of synthesized short phrases."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

LONGEST = 100
"""Characters of the longest cached phrase: longer ones are rarely repeated."""


class PhraseCache:
    """Sounds by text and style, up to `limit` bytes; drops the least recently used one first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sounds: OrderedDict[Hashable, bytes] = OrderedDict()
        self.bytes = 0
        """Size of all sounds."""

    def get(self, text: str, style: Hashable) -> bytes | None:
        """Return the sound of a phrase in this style, or None."""
        key = (text, style)
        sound = self._sounds.get(key)
        if sound is not None:
            self._sounds.move_to_end(key)
        return sound

    def put(self, text: str, style: Hashable, sound: bytes) -> None:
        """Store the sound of a phrase, if it is short."""
        if len(text) > LONGEST or len(sound) > self._limit:
            return
        self.bytes += len(sound) - len(self._sounds.pop((text, style), b""))
        self._sounds[(text, style)] = sound
        while self.bytes > self._limit:
            _, oldest = self._sounds.popitem(last=False)
            self.bytes -= len(oldest)
