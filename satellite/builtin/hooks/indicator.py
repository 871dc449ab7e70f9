"""The state that lamps and pins show, as derived from events."""

from __future__ import annotations

from typing import Literal

from satellite import events
from satellite.events import Event

State = events.PhaseName | Literal["muted", "error", "timer"]
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
"""Seconds for which an error is shown: long enough for a person to look up and see it."""


class Indicator:
    """Follows events. In order of precedence: a recent error, the turn's phase, a ringing timer or
    alarm, mute.
    """

    def __init__(self) -> None:
        self._phase: State = "idle"
        self._muted = False
        self._ringing: set[str] = set()
        self._error_until = 0.0

    def take(self, event: Event) -> None:
        """Follow an event."""
        match event:
            case events.Phase(phase=phase):
                self._phase = phase
            case events.Mute(muted=muted):
                self._muted = muted
            case events.Timer(state="finished") | events.Alarm(state="finished"):
                self._ringing.add(event.id)
            case events.Timer() | events.Alarm():
                self._ringing.discard(event.id)
            case events.Error() | events.TurnEnd(outcome="failed"):
                self._error_until = event.mono + ERROR

    def at(self, mono: float) -> State:
        """Return the state to show at a monotonic time in seconds."""
        if mono < self._error_until:
            return "error"
        if self._phase != "idle":
            return self._phase
        if self._ringing:
            return "timer"
        return "muted" if self._muted else "idle"

    def changes_at(self, mono: float) -> float | None:
        """Return the monotonic time at which the state changes without an event; None for never."""
        return self._error_until if mono < self._error_until else None
