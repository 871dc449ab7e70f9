"""Errors of task groups, as the one error that a caller wants to hear of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def first_error(kind: type[Exception]) -> Iterator[None]:
    """Raise the first error of `kind` by itself when a task group ends with it among others."""
    try:
        yield
    except BaseExceptionGroup as group:
        if (error := _first(group, kind)) is None:
            raise
        raise error from error.__cause__


def _first(group: BaseExceptionGroup[BaseException], kind: type[Exception]) -> Exception | None:
    for error in group.exceptions:
        found = _first(error, kind) if isinstance(error, BaseExceptionGroup) else error
        if isinstance(found, kind):
            return found
    return None
