"""The readings of this satellite in Home Assistant."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from satellite.homeassistant.esphome.entities import Entity, Reading
from satellite.homeassistant.esphome.wake_words import WakeWordChoice

LEVEL_PERIOD = 10.0
"""Seconds between two readings of the microphone's level in Home Assistant, which stores each."""


def readings(
    choice: WakeWordChoice,
    engines: Callable[[], Mapping[str, str]],
    level: Callable[[], float | None],
) -> tuple[Entity, ...]:
    """Return the readings.

    `engines` returns the engines that do the work while Home Assistant does not, by role; `level`
    the microphone's level in dBFS, None while it is muted.
    """

    def score() -> float | None:
        return None if choice.score is None else choice.score * 100

    def names() -> str:
        return ", ".join(f"{role}: {engine}" for role, engine in engines().items())

    microphone = ("Microphone level", "mdi:microphone", level)
    return (
        Reading(3, "Wake word score", "mdi:ear-hearing", score, unit="%"),
        Reading(4, "Engines", "mdi:cogs", names, text=True),
        Reading(5, *microphone, unit="dBFS", every=LEVEL_PERIOD),
    )
