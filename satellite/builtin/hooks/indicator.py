"""What the satellite does, as far as a lamp can show it."""

from __future__ import annotations

from typing import Literal

from satellite import events
from satellite.events import Event

State = Literal["idle", "listening", "thinking", "speaking", "muted", "error", "timer"]
STATES: tuple[State, ...] = (
    "idle",
    "listening",
    "thinking",
    "speaking",
    "muted",
    "error",
    "timer",
)

ERROR = 2.0
"""Seconds for which an error is shown: long enough to be seen by somebody who looks up."""


class Indicator:
    """Follows events. An error goes before everything for a while, and a ring before mute."""

    def __init__(self) -> None:
        self._phase: State = "idle"
        self._muted = False
        self._ringing: set[str] = set()
        self._error_until = 0.0

    def take(self, event: Event) -> None:
        """Take note of an event."""
        if isinstance(event, events.Phase):
            self._phase = event.phase
        elif isinstance(event, events.Mute):
            self._muted = event.muted
        elif isinstance(event, events.Timer):
            if event.state == "finished":
                self._ringing.add(event.id)
            else:
                self._ringing.discard(event.id)
        elif isinstance(event, events.Error) or (
            isinstance(event, events.TurnEnd) and event.outcome == "failed"
        ):
            self._error_until = event.mono + ERROR

    def at(self, mono: float) -> State:
        """What is to be shown at a monotonic time."""
        if mono < self._error_until:
            return "error"
        if self._phase != "idle":
            return self._phase
        if self._ringing:
            return "timer"
        return "muted" if self._muted else "idle"

    def changes_at(self, mono: float) -> float | None:
        """When it changes by itself, if it does."""
        return self._error_until if mono < self._error_until else None
