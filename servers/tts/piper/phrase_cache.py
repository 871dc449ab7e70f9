"""Short phrases that were spoken already, so that saying them again costs nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

LONGEST = 100
"""Characters of the longest phrase that is worth keeping: longer ones hardly come twice."""


class PhraseCache:
    """Sound by what was said and how; the least recently said goes first. Holds `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._sounds: OrderedDict[Hashable, bytes] = OrderedDict()
        self.bytes = 0
        """Held now."""

    def get(self, text: str, manner: Hashable) -> bytes | None:
        """The sound of a phrase said in this manner, or None."""
        key = (text, manner)
        sound = self._sounds.get(key)
        if sound is not None:
            self._sounds.move_to_end(key)
        return sound

    def put(self, text: str, manner: Hashable, sound: bytes) -> None:
        """Keep the sound of a phrase, if it is short."""
        if len(text) > LONGEST or len(sound) > self._limit:
            return
        self.bytes += len(sound) - len(self._sounds.pop((text, manner), b""))
        self._sounds[(text, manner)] = sound
        while self.bytes > self._limit:
            _, oldest = self._sounds.popitem(last=False)
            self.bytes -= len(oldest)
