"""Colours of a ring or row of lamps for what the satellite does, as pure functions of time."""

from __future__ import annotations

import math

from satellite.builtin.hooks.indicator import State

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

RATE = 25
"""Pictures a second where there is movement: enough for the eye, little for a Raspberry Pi."""

BLUE: Colour = (0, 90, 255)
WHITE: Colour = (200, 200, 200)
GREEN: Colour = (0, 255, 80)
RED: Colour = (255, 0, 0)
AMBER: Colour = (255, 140, 0)
OFF: Colour = (0, 0, 0)

_STILL: dict[State, Colour] = {
    "idle": OFF,
    "listening": BLUE,
    "muted": (40, 0, 0),  # dim: it may be on for days
}

_TURN = 1.0
"""Seconds of a dot's way around while something is thought about."""

_BREATH = 2.0
"""Seconds from bright to bright while something is said."""

_BLINK = 0.5
"""Seconds from light to light of a ring and of an error."""


def moves(state: State) -> bool:
    """Whether the picture changes with time."""
    return state not in _STILL


def picture(state: State, seconds: float, count: int) -> list[Colour]:
    """The colours of `count` lamps, so many seconds after the state began."""
    if state in _STILL:
        return [_STILL[state]] * count
    if state == "thinking":
        place = seconds / _TURN * count % count
        return [_dim(WHITE, _near(lamp, place, count)) for lamp in range(count)]
    if state == "speaking":
        level = 0.6 + 0.4 * math.cos(2 * math.pi * seconds / _BREATH)
        return [_dim(GREEN, level)] * count
    lit = seconds % _BLINK < _BLINK / 2
    colour = RED if state == "error" else AMBER
    return [colour if lit else OFF] * count


def _near(lamp: int, place: float, count: int) -> float:
    """How much a dot at `place` of a ring lights a lamp: all there, nothing two lamps away."""
    away = abs(lamp - place)
    return max(0.0, 1 - min(away, count - away) / 2)


def _dim(colour: Colour, level: float) -> Colour:
    red, green, blue = (round(part * level) for part in colour)
    return red, green, blue
