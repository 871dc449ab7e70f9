"""Errors of task groups, reduced to one error for the caller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def first_error(kind: type[Exception]) -> Iterator[None]:
    """Raise the first error of `kind` alone if a task group inside ends with several errors."""
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
