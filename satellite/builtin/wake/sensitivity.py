"""How easily wake words are heard, which people change while the satellite runs."""

from __future__ import annotations

import math

from satellite.settings.listening import WakeSensitivity as Level

STEPS: dict[Level, int] = {"lowest": 2, "low": 1, "usual": 0, "high": -1, "highest": -2}
"""Steps from the usual threshold, up or down."""

_HALF = 2
"""Steps down that halve a threshold; as many up are its root."""


class Sensitivity:
    """The threshold of every wake word, by one level."""

    def __init__(self, level: Level = "usual") -> None:
        self._step = STEPS[level]

    def use(self, level: Level) -> None:
        """Use another level from now on, in running streams, too."""
        self._step = STEPS[level]

    def threshold(self, usual: float) -> float:
        """Return the score needed instead of the usual one, 0 to 1. May be called on any thread."""
        return stepped(usual, self._step)


def stepped(usual: float, step: int) -> float:
    """Return a threshold moved by steps: down towards 0, or up towards 1."""
    part: float = 0.5 ** (abs(step) / _HALF)
    return usual * part if step < 0 else math.pow(usual, part)
