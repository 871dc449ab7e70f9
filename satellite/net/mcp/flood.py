"""A limit for what a server sends without being asked."""

from __future__ import annotations

from time import monotonic

from satellite.errors import EngineFailed

WINDOW = 10.0
"""Seconds over which messages and bytes are counted."""
MESSAGES = 500
"""Most messages in a window that answer nothing: progress and logs of a busy server are fewer."""
BYTES = 32 << 20
"""Most bytes in a window: eight answers of the largest size."""


class FloodLimit:
    """Counts messages and bytes of one server."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._began = monotonic()
        self._messages = 0
        self._bytes = 0

    def message(self) -> None:
        """Count a message that answers nothing. Raises `EngineFailed` for too many."""
        self._turn()
        self._messages += 1
        if self._messages > MESSAGES:
            raise EngineFailed(
                f"{self._name} sent more than {MESSAGES} messages in {WINDOW:g} s that nothing had "
                "asked for: it is disconnected"
            )

    def bytes(self, number: int) -> None:
        """Count bytes. Raises `EngineFailed` for too many."""
        self._turn()
        self._bytes += number
        if self._bytes > BYTES:
            raise EngineFailed(
                f"{self._name} sent more than {BYTES >> 20} MiB in {WINDOW:g} s: it is disconnected"
            )

    def _turn(self) -> None:
        if monotonic() - self._began > WINDOW:
            self._began, self._messages, self._bytes = monotonic(), 0, 0
