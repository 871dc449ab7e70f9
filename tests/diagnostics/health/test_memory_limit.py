"""The limit of memory, with memory that is really used."""

from __future__ import annotations

import asyncio
import gc
import logging
import mmap

import pytest

from satellite.diagnostics.health import memory_limit
from satellite.diagnostics.health.watchdog import limited
from satellite.errors import MemoryFull
from satellite.settings import HealthSettings


def test_it_is_what_the_kernel_says() -> None:
    before = memory_limit.used()
    with mmap.mmap(-1, 60_000_000) as block:  # of its own: no memory that was freed before
        block.write(b"x" * len(block))
        assert memory_limit.used() - before > 50_000_000


def test_the_usual_limit_leaves_room_for_the_system() -> None:
    assert 100 * memory_limit.MB < memory_limit.usual() < 10**13


async def test_who_uses_too_much_ends_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_limit, "EVERY", 0.01)
    gc.collect()  # what other tests left may not go while this one counts
    limit = memory_limit.used() // memory_limit.MB + 30

    async def grow() -> int:
        async with limited(HealthSettings(memory=limit)):
            await asyncio.sleep(0.05)
            with mmap.mmap(-1, 150_000_000) as block:  # of its own: none that was freed before
                block.write(b"x" * len(block))
                await asyncio.sleep(5)
                return len(block)

    with pytest.raises(MemoryFull, match=rf"more than the {limit} MB.*health\.memory"):
        await grow()


async def test_who_comes_near_it_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(memory_limit, "EVERY", 0.001)
    async with limited(HealthSettings(memory=int(memory_limit.used() / memory_limit.MB / 0.95))):
        await asyncio.sleep(0.05)
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "MB of memory in use" in warning.getMessage()


async def test_what_starting_has_left_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a size that glibc keeps for more, with one behind them that is still in use."""
    monkeypatch.setattr(memory_limit, "EVERY", 0.01)
    gc.collect()
    blocks = [bytes(b"x" * 60_000) for _ in range(1000)]
    last = blocks[-1]
    del blocks
    held = memory_limit.used()
    await memory_limit.tidy()
    assert held - memory_limit.used() > 30_000_000
    assert len(last) == 60_000
