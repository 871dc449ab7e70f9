"""The English words of late rings."""

from __future__ import annotations

from satellite.timers.ringing import RingWords
from satellite.turns.own_sentences import own_sentences


def english_rings(language: str | None = None) -> RingWords:
    """Return them, as a satellite without another language gets them."""
    return own_sentences().ring_words()
