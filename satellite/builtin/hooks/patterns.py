"""Colours of a ring or row of lamps for each state, as pure functions of time."""

from __future__ import annotations

import math

from satellite.builtin.hooks.indicator import State

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

RATE = 25
"""Pictures per second of an animation: enough for the eye, little work for a Raspberry Pi."""

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
"""Seconds of a dot's way around the ring while thinking."""

_BREATH = 2.0
"""Seconds from bright to bright while speaking."""

_BLINK = 0.5
"""Seconds of a blink, for a ringing timer and an error."""


def moves(state: State) -> bool:
    """Return whether the picture changes with time."""
    return state not in _STILL


def picture(state: State, seconds: float, count: int) -> list[Colour]:
    """Return the colours of `count` lamps, `seconds` after the state began."""
    if state in _STILL:
        return [_STILL[state]] * count
    if state == "thinking":
        place = seconds / _TURN * count % count
        return [_dim(WHITE, _closeness(lamp, place, count)) for lamp in range(count)]
    if state == "speaking":
        level = 0.6 + 0.4 * math.cos(2 * math.pi * seconds / _BREATH)
        return [_dim(GREEN, level)] * count
    lit = seconds % _BLINK < _BLINK / 2
    colour = RED if state == "error" else AMBER
    return [colour if lit else OFF] * count


def _closeness(lamp: int, place: float, count: int) -> float:
    """Return how strongly a dot at `place` of a ring lights a lamp: 1 there, 0 two lamps away."""
    away = abs(lamp - place)
    return max(0.0, 1 - min(away, count - away) / 2)


def _dim(colour: Colour, level: float) -> Colour:
    red, green, blue = (round(part * level) for part in colour)
    return red, green, blue
