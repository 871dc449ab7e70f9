"""Containment of failures: no code and no data of others ends the satellite.

A plugin may raise anything, `SystemExit` included, and may yield anything; so may our own code with
bytes of a stranger. Every task of the outermost task group does such work behind a `Containment`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from satellite.errors import SatelliteError

_LOGGER = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds before work that failed is started again: a failure at every start costs no CPU time."""

KINDS = 32
"""Kinds of failures of one subject whose tracebacks are logged; more come from a generator of
errors."""

REMEDY = "if it is a plugin, report this to its author; if it is part of Satellite, report the bug"


def is_foreign(error: BaseException) -> bool:
    """Return whether an error ends only the work that raised it, not this task or program.

    A cancellation that nothing has requested of this task comes from that work, too.
    """
    if isinstance(error, BaseExceptionGroup):
        return all(is_foreign(part) for part in error.exceptions)
    if isinstance(error, asyncio.CancelledError):
        try:
            task = asyncio.current_task()
        except RuntimeError:  # no event loop runs in this thread, and nothing can be cancelled
            return True
        return task is not None and not task.cancelling()
    return not isinstance(error, KeyboardInterrupt | GeneratorExit)


def describe(error: BaseException) -> str:
    """Return an unexpected error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def check_cancelled() -> None:
    """Raise `CancelledError` if this task is being cancelled.

    To be called before work is tried again: what failed may have raised its own error in place of
    the cancellation, as a task group does (before Python 3.13).
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class Containment:
    """Contains the unexpected failures of one subject, such as a microphone."""

    def __init__(self, subject: str) -> None:
        self.failures = 0
        """Number of failures contained so far."""
        self._subject = subject
        self._logged: set[tuple[type[BaseException], ...]] = set()

    def note(self, error: BaseException) -> str:
        """Count a failure, and log its traceback if it is the first of its kind; describe it."""
        self.failures += 1
        text = describe(error)
        kind = _kind(error)
        if kind in self._logged or len(self._logged) >= KINDS:
            _LOGGER.debug("%s failed unexpectedly: %s", self._subject, text)
        else:
            self._logged.add(kind)
            _LOGGER.error(
                "%s failed unexpectedly: %s; the satellite continues, and logs this only once; %s",
                *(self._subject, text, REMEDY),
                exc_info=error,
            )
        return text

    @contextmanager
    def raising(
        self, kind: Callable[[str], SatelliteError], *expected: type[BaseException]
    ) -> Iterator[None]:
        """Raise an unexpected error of this block as an error that its caller handles.

        `SatelliteError` and `expected` pass unchanged.
        """
        try:
            yield
        except SatelliteError:
            raise
        except BaseException as error:
            if isinstance(error, expected) or not is_foreign(error):
                raise
            raise kind(f"{self._subject} failed unexpectedly: {self.note(error)}") from error

    def swallowing(self) -> _Swallowing:
        """Return a block that ends at an unexpected error, after which its caller continues.

        For work that nothing depends on; a `SatelliteError` is contained in the same way, as its
        caller should have handled it.
        """
        return _Swallowing(self)

    async def once(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do work whose unexpected failure ends nothing else."""
        with self.swallowing():
            await work()

    async def run(self, work: Callable[[], Awaitable[None]], pause: float = PAUSE) -> None:
        """Run work until it returns or is cancelled; start it again after a failure."""
        while True:
            with self.swallowing():
                await work()
                return
            check_cancelled()
            await asyncio.sleep(pause)


class _Swallowing:
    """A block that contains its unexpected errors; mypy knows of a class that it may."""

    def __init__(self, containment: Containment) -> None:
        self._containment = containment

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        if error is None or not is_foreign(error):
            return False
        self._containment.note(error)
        return True


def _kind(error: BaseException) -> tuple[type[BaseException], ...]:
    """Return the types of an error and of its causes, by which failures differ."""
    kinds: list[type[BaseException]] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < 4:
        kinds.append(type(cause))
        cause = cause.__cause__
    return tuple(kinds)
