"""The wake words of a satellite, as far as its settings name them."""

from __future__ import annotations

from satellite.arbitration.protocol import normalized_word
from satellite.components import spec
from satellite.components.auto import wake_engine
from satellite.errors import SatelliteError


def wake_words_of(wake: str) -> dict[str, str]:
    """Return a wake component's names of its words, by their `normalized_word`.

    Empty for a remote service: its words are learned when it detects them.
    """
    if spec.is_uri(wake):
        return {}
    try:
        options = spec.read_options("wake", wake_engine(wake))
    except SatelliteError:  # reported where the engine is created
        return {}
    words = getattr(options, "words", ())
    return {normalized_word(word): word for word in words if isinstance(word, str)}
