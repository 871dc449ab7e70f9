"""Home Assistant's pings, answered at times after which it reconnects soon after a restart.

Two seconds after each answer it sends the next ping, whatever the state of the connection
(components/wyoming/assist_satellite.py, `_send_delayed_ping`, 2024.3 to 2026.11). A ping on a
connection that ended meanwhile breaks its stored client, and with it the first attempt to
reconnect: it is back after 13 s instead of 3 s. While one of its pings waits for an answer, it
sends no other. So its pings are left unanswered while our own pings show that we are connected.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from wyoming.event import Event
from wyoming.ping import Ping, Pong

HOLD = 30.0
"""Seconds for which a ping waits. Home Assistant has no such deadline: it accepts any event within
5 s as a sign of life."""

NEXT = 2.0
"""Seconds from an answer to Home Assistant's next ping."""

LATE = 0.2
"""Seconds by which its ping may be late."""

LEAVE = 1.3
"""Longest wait in seconds for the right moment to disconnect: a program stops within two."""


class Pings:
    """Pings of both directions on one connection; `send` sends an event."""

    def __init__(self, send: Callable[[Event], None]) -> None:
        self.answered = False
        """The other side answers our pings."""
        self._send = send
        self._open = 0
        """Our pings without an answer."""
        self._held: asyncio.TimerHandle | None = None
        self._text: str | None = None
        self._first_answered = False
        self._other_program = False
        """It sends pings while one waits: it is not Home Assistant, and wants them answered."""
        self._due = asyncio.get_running_loop().time() + NEXT
        self._quiet = asyncio.Event()

    def send_ping(self) -> None:
        """Send a ping."""
        self._open += 1
        self._send(Ping().event())

    def pong_received(self) -> None:
        """Note the answer to one of our pings."""
        self.answered = True
        self._open = 0
        self._update_quiet()

    def ping_received(self, text: str | None) -> None:
        """Answer a ping: at once if it is the first, has a text, or comes while another waits."""
        if self._held is not None:
            self._other_program = True
            self._answer()
        self._text = text
        if not self._first_answered or text or self._other_program or not self.answered:
            self._answer()
        else:
            self._held = asyncio.get_running_loop().call_later(HOLD, self._answer)
        self._update_quiet()

    async def wait_until_quiet(self) -> None:
        """Wait, `LEAVE` at most, until no ping of the other side is on its way."""
        late = self._due + LATE - asyncio.get_running_loop().time()
        self._update_quiet()
        if self.answered and late > 0:
            with suppress(TimeoutError):  # then it disconnects at a bad moment, which costs 10 s
                async with asyncio.timeout(min(late, LEAVE)):
                    await self._quiet.wait()

    def stop(self) -> None:
        """Answer no more pings. Idempotent."""
        if self._held is not None:
            self._held.cancel()

    def _answer(self) -> None:
        if self._held is not None:
            self._held.cancel()
            self._held = None
        self._first_answered = True
        self._due = asyncio.get_running_loop().time() + NEXT
        self._send(Pong(self._text).event())
        self._update_quiet()

    def _update_quiet(self) -> None:
        if self._held is not None and not self._open:
            self._quiet.set()
        else:
            self._quiet.clear()
