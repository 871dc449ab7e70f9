"""The activity of the satellite: its phase, the turn that runs, the announcement that plays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from satellite import events
from satellite.events import PhaseName
from satellite.listening.mute import Mute


class Activity:
    """Owns the phase and the task of the current turn; the one place where either changes.

    Shared by everything that starts, ends or waits for speech, so that none of it needs the rest.
    """

    def __init__(self, publish: Callable[[events.Event], None], mute: Mute) -> None:
        self._publish = publish
        self._mute = mute
        self._phase: PhaseName = "idle"
        self._turn: asyncio.Task[None] | None = None
        self._announcing = False
        self._no_turn = asyncio.Event()
        self._no_turn.set()
        mute.subscribe(self._end_listening)

    @property
    def phase(self) -> PhaseName:
        """What the satellite does now."""
        return self._phase

    @property
    def turn(self) -> asyncio.Task[None] | None:
        """The turn that runs."""
        return self._turn

    @property
    def idle(self) -> bool:
        """No turn is running."""
        return self._turn is None

    @property
    def announcing(self) -> bool:
        """An announcement is being played."""
        return self._announcing

    @property
    def quiet(self) -> bool:
        """No turn runs, nothing is announced, and the microphone is not muted."""
        return self.idle and not self._announcing and not self._mute.muted

    def enter(self, phase: PhaseName) -> bool:
        """Publish a new phase; return whether it differs from the one before."""
        if phase == self._phase:
            return False
        self._phase = phase
        self._publish(events.Phase(phase=phase))
        return True

    def begin_turn(self, task: asyncio.Task[None]) -> None:
        """Make a task the turn that runs, in place of any other."""
        self._turn = task
        self._no_turn.clear()

    def end_turn(self, task: asyncio.Task[None]) -> None:
        """Return to `idle` when the turn that runs has ended; ignore one that was replaced."""
        if self._turn is task:
            self._turn = None
            self.enter("idle")
            self._no_turn.set()

    async def wait_until_idle(self) -> None:
        """Wait until no turn is running."""
        await self._no_turn.wait()

    @contextmanager
    def announcement(self, text: str) -> Iterator[None]:
        """Announce something during this block; `text` is what is said, if known."""
        self._announcing = True
        self._publish(events.Announce(text=text))
        self.enter("speaking")
        try:
            yield
        finally:
            self._announcing = False
            if self.idle:
                self.enter("idle")

    def _end_listening(self, muted: bool) -> None:
        if muted and self._turn is not None and self._phase == "listening":
            self._turn.cancel()
