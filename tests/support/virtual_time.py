"""An event loop whose clock stands still during work, and jumps when all tasks wait.

Hours of waiting pass in seconds. The loop waits for a thread only if it waits for nothing more; for
other waits, a thread seems to take forever.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


_THREAD = 10.0
"""Real seconds allowed for the work of a thread that the loop waits for."""


class _Selector(selectors.DefaultSelector):  # type: ignore[valid-type,misc]
    """Advances the clock instead of waiting."""

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
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
