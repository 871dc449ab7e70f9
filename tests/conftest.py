"""What holds for every test: it leaves no thread and no task behind, and contains no error."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from hypothesis import settings

from tests.faults.fault_table import pytest_terminal_summary

__all__ = ["pytest_terminal_summary"]

# the models of whoever runs the tests are not the tests' models, nor is their Ollama: nothing
# listens at the discard port
os.environ["XDG_DATA_HOME"] = os.path.join(os.sep, "nonexistent")
# and what a satellite remembers is kept nowhere: no folder can be made there
os.environ["XDG_STATE_HOME"] = os.devnull
os.environ["OLLAMA_HOST"] = "127.0.0.1:9"

# a busy machine is not a bug
settings.register_profile("satellite", deadline=None)
settings.load_profile("satellite")

_FINISH = 2.0
"""Seconds a thread may take to end after its test, for executors that were told to stop."""


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """Fail a test that leaves a thread behind."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + _FINISH
    while left := [t for t in threading.enumerate() if t not in before and not _ours(t)]:
        if time.monotonic() > deadline:
            pytest.fail(f"threads left behind: {[thread.name for thread in left]}")
        time.sleep(0.01)


class _Contained(logging.Handler):
    """Collects the failures that `satellite.lib.containment` has logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@pytest.fixture(autouse=True)
def no_contained_failure(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test in which an unexpected error was contained: most are bugs of our own.

    A test that lets plugins or peers fail has the mark `contained_failures`.
    """
    logger, handler = logging.getLogger("satellite.lib.containment"), _Contained()
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)
    if handler.texts and request.node.get_closest_marker("contained_failures") is None:
        pytest.fail(f"unexpected errors were contained: {handler.texts}")


def _ours(thread: threading.Thread) -> bool:
    # the loop's default executor keeps its idle threads until the loop is closed
    return thread.name.startswith(("asyncio_", "execnet", "pytest_timeout"))


@pytest_asyncio.fixture(autouse=True)
async def no_task_left() -> AsyncIterator[None]:
    """Fail a test that leaves a task behind on its loop."""
    yield
    await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    left = [task for task in left if not task.done()]
    if left:
        pytest.fail(f"tasks left behind: {[task.get_coro() for task in left]}")
