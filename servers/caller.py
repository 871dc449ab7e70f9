"""The client of a request, as an engine's places see it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar


class Caller:
    """The client whose request the current task works on; by default a local one, never slow."""

    def __init__(
        self,
        address: str = "",
        behind: Callable[[float], str] = lambda now: "",
        sending: Callable[[float], float] = lambda now: 0.0,
    ) -> None:
        """`address` is its IP address, empty without one, as on a Unix socket.

        `behind` returns why the request makes too little progress, empty if it makes enough.
        `sending` returns the seconds for which an engine has been taking a request that the client
        is still sending; 0 once it is complete. Both take a time of the event loop.
        """
        self.address = address
        self.behind = behind
        self.sending = sending


CALLER: ContextVar[Caller] = ContextVar("caller", default=Caller())  # noqa: B039 - never changes
"""The caller of the current task. A pool may be nested in another one's engine, so that no argument
of a call reaches the inner one."""
