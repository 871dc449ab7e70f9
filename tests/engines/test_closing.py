"""The close of engines ends in bounded time, whatever they do."""

from __future__ import annotations

import asyncio
import time

import pytest

from satellite.engines.closing import close

AT_ONCE = 0.05
"""Seconds for engines that never close."""


class Closing:
    """An engine that closes after some seconds, or fails."""

    def __init__(self, seconds: float = 0.0, error: BaseException | None = None) -> None:
        self.closed = False
        self._seconds = seconds
        self._error = error

    async def load(self) -> None:
        pass

    async def close(self) -> None:
        await asyncio.sleep(self._seconds)
        if self._error is not None:
            raise self._error
        self.closed = True


async def test_engines_that_never_close_are_left_together(caplog: pytest.LogCaptureFixture) -> None:
    hanging, usual = [Closing(3600.0) for _ in range(20)], Closing()
    began = time.monotonic()
    await close(*hanging, usual, seconds=AT_ONCE)
    assert time.monotonic() - began < 10 * AT_ONCE
    assert usual.closed
    assert "did not close within 0.05 s, and is left: Closing" in caplog.text


@pytest.mark.contained_failures
@pytest.mark.parametrize("error", [RuntimeError("odd"), SystemExit(3), asyncio.CancelledError()])
async def test_the_error_of_one_leaves_no_other_open(error: BaseException) -> None:
    usual = Closing(0.01)
    await close(Closing(error=error), usual)
    assert usual.closed


async def test_a_cancellation_passes() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await close(Closing(3600.0))
