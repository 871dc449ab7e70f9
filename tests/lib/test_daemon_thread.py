"""Blocking work on daemon threads: its result, its error, and a caller that was cancelled."""

from __future__ import annotations

import asyncio
import threading

import pytest

from satellite.lib.daemon_thread import run_in_daemon_thread


async def test_the_result_comes_from_a_thread_of_that_name() -> None:
    thread = await run_in_daemon_thread(threading.current_thread, name="reader")
    assert thread.name == "reader"
    assert thread.daemon


async def test_an_error_is_raised_at_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        await run_in_daemon_thread(lambda: 1 // 0)


@pytest.mark.parametrize("cancelled", [True, False])
async def test_the_result_is_undone_only_if_the_caller_was_cancelled(cancelled: bool) -> None:
    go, undone = threading.Event(), threading.Event()

    def work() -> str:
        assert go.wait(5)
        return "stream"

    def undo(result: str) -> None:
        assert result == "stream"
        undone.set()

    task = asyncio.create_task(run_in_daemon_thread(work, undo=undo))
    await asyncio.sleep(0)
    if cancelled:
        task.cancel()
        await asyncio.wait([task])
    go.set()
    if not cancelled:
        assert await task == "stream"
    assert await asyncio.to_thread(undone.wait, 5 if cancelled else 0.1) is cancelled
