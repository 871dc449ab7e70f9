"""Home Assistant's timers, stored and rung here even while it is disconnected."""

from __future__ import annotations

from collections import deque

from wyoming.event import Event
from wyoming.timer import TimerCancelled, TimerFinished, TimerStarted, TimerUpdated

from satellite.net.messages import read
from satellite.timers import MOST, TimerManager


class HomeTimers:
    """Applies Home Assistant's timer events to the timers of this satellite."""

    def __init__(self, timers: TimerManager) -> None:
        self._timers = timers
        # including those from before a restart
        self._known = deque((timer.id for timer in timers.states()), maxlen=2 * MOST)

    def handle(self, event: Event) -> bool:
        """Apply an event; return False for one about no timer. Raises `BadFrame`."""
        if TimerStarted.is_type(event.type):
            started = read(TimerStarted, event)
            self._known.append(started.id)
            self._timers.start(started.total_seconds, started.name, started.id)
        elif TimerUpdated.is_type(event.type):
            updated = read(TimerUpdated, event)
            self._timers.change(updated.id, updated.total_seconds, updated.is_active)
        elif TimerCancelled.is_type(event.type):
            self._timers.cancel(read(TimerCancelled, event).id)
        elif TimerFinished.is_type(event.type):
            self._finish(read(TimerFinished, event).id)
        else:
            return False
        return True

    def _finish(self, timer: str) -> None:
        """Ring, also for a timer whose start was not received, but only once."""
        if not self._timers.finish(timer) and timer not in self._known:
            self._known.append(timer)
            self._timers.start(0.0, None, timer)
