"""Which words a satellite listens for, as far as its settings tell."""

from __future__ import annotations

from satellite.arbitration.protocol import spoken
from satellite.components import spec
from satellite.components.auto import preference
from satellite.components.spec import AUTO
from satellite.errors import SatelliteError


async def wake_words_of(wake: str) -> dict[str, str]:
    """What a wake component calls its words, by what `spoken` makes of them.

    None of a service's, which are known only once it has heard them.
    """
    if spec.is_uri(wake):
        return {}
    try:
        component = (await preference("wake")).component if wake == AUTO else wake
        options = spec.read_options("wake", component)
    except SatelliteError:  # whoever makes the engine says so
        return {}
    words = getattr(options, "words", ())
    return {spoken(word): word for word in words if isinstance(word, str)}
