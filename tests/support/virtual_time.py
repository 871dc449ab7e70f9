"""An event loop whose clock stands still while anybody works, and jumps when all of them wait.

Hours of waiting pass in seconds. A thread is only waited for where nothing else is waited for: to
everybody else it seems to take for ever.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


_THREAD = 10.0
"""Real seconds in which a thread that is waited for does its work."""


class _Selector(selectors.DefaultSelector):  # type: ignore[valid-type,misc]
    """Adds to the clock what it would have waited."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            if not (found := super().select(_THREAD)):
                raise RuntimeError("everybody waits, and nothing will ever happen")
        elif not (found := super().select(0)):
            self.passed += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` begins at 0."""

    def __init__(self) -> None:
        self._waits = _Selector()
        super().__init__(self._waits)

    def time(self) -> float:
        return self._waits.passed


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
