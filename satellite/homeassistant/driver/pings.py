"""Home Assistant's pings: when they are answered, so that it comes back soon after a restart.

Two seconds after each answer it sends the next one, whatever has become of the connection
(components/wyoming/assist_satellite.py, `_send_delayed_ping`, 2024.3 to 2026.11). One that meets a
connection which ended meanwhile breaks what it has kept of it, and with that its first attempt to
connect again: it is back after 13 s instead of 3 s. While a ping of its own waits for its answer,
it sends no other. So they are left waiting, as long as it sees by our own pings that we are here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from wyoming.event import Event
from wyoming.ping import Ping, Pong

HOLD = 30.0
"""Seconds for which a ping waits. It is no deadline of Home Assistant's, which takes any event
within 5 s as a sign of life."""

NEXT = 2.0
"""Seconds from an answer to Home Assistant's next ping."""

LATE = 0.2
"""Seconds that its ping may take longer than that."""

LEAVE = 1.3
"""Longest wait for the right moment to leave, of the two seconds in which a program stops."""


class Pings:
    """Pings of both directions on one connection; `send` sends an event."""

    def __init__(self, send: Callable[[Event], None]) -> None:
        self.answers = False
        """The other side answers ours."""
        self._send = send
        self._open = 0
        """Ours that have no answer yet."""
        self._held: asyncio.TimerHandle | None = None
        self._text: str | None = None
        self._answered = False
        self._others = False
        """It sends pings while one waits: it is another program, which wants them answered."""
        self._due = asyncio.get_running_loop().time() + NEXT
        self._calm = asyncio.Event()

    def ask(self) -> None:
        """Send one."""
        self._open += 1
        self._send(Ping().event())

    def heard(self) -> None:
        """One of ours was answered."""
        self.answers = True
        self._open = 0
        self._look()

    def take(self, text: str | None) -> None:
        """Answer one of theirs: at once where it is the first, has a text, or has company."""
        if self._held is not None:
            self._others = True
            self._answer()
        self._text = text
        if not self._answered or text or self._others or not self.answers:
            self._answer()
        else:
            self._held = asyncio.get_running_loop().call_later(HOLD, self._answer)
        self._look()

    async def rest(self) -> None:
        """Wait, `LEAVE` at most, until nothing of the other side's is on its way."""
        late = self._due + LATE - asyncio.get_running_loop().time()
        self._look()
        if self.answers and late > 0:
            with suppress(TimeoutError):  # then it leaves at a bad moment, which costs 10 s
                async with asyncio.timeout(min(late, LEAVE)):
                    await self._calm.wait()

    def end(self) -> None:
        """Answer nothing any more. Twice is once."""
        if self._held is not None:
            self._held.cancel()

    def _answer(self) -> None:
        if self._held is not None:
            self._held.cancel()
            self._held = None
        self._answered = True
        self._due = asyncio.get_running_loop().time() + NEXT
        self._send(Pong(self._text).event())
        self._look()

    def _look(self) -> None:
        if self._held is not None and not self._open:
            self._calm.set()
        else:
            self._calm.clear()
