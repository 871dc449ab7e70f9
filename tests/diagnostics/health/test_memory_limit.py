"""The memory limit, with memory that is really used."""

from __future__ import annotations

import asyncio
import gc
import logging
import mmap

import pytest

from satellite.diagnostics.health import memory_limit
from satellite.diagnostics.health.supervision import limit_resources
from satellite.errors import MemoryFull
from satellite.settings import HealthSettings


def test_the_used_memory_is_measured() -> None:
    before = memory_limit.used()
    with mmap.mmap(-1, 60_000_000) as block:  # new memory, not freed memory
        block.write(b"x" * len(block))
        assert memory_limit.used() - before > 50_000_000


def test_the_default_limit_leaves_memory_for_the_system() -> None:
    assert 100 * memory_limit.MB < memory_limit.default_limit() < 10**13


async def test_too_much_memory_ends_the_process_with_a_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory_limit, "EVERY", 0.01)
    gc.collect()  # garbage of other tests must not be freed during this one
    limit = memory_limit.used() // memory_limit.MB + 30

    async def grow() -> int:
        async with limit_resources(HealthSettings(memory=limit)):
            await asyncio.sleep(0.05)
            with mmap.mmap(-1, 150_000_000) as block:  # new memory, not freed memory
                block.write(b"x" * len(block))
                await asyncio.sleep(5)
                return len(block)

    with pytest.raises(MemoryFull, match=rf"more than its limit of {limit} MB.*health\.memory"):
        await grow()


async def test_memory_near_the_limit_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(memory_limit, "EVERY", 0.001)
    async with limit_resources(
        HealthSettings(memory=int(memory_limit.used() / memory_limit.MB / 0.95))
    ):
        await asyncio.sleep(0.05)
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "MB of memory in use" in warning.getMessage()


async def test_memory_freed_after_the_start_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that glibc does not return, as a later one is still in use."""
    monkeypatch.setattr(memory_limit, "EVERY", 0.01)
    gc.collect()
    blocks = [bytes(b"x" * 60_000) for _ in range(1000)]
    last = blocks[-1]
    del blocks
    held = memory_limit.used()
    await memory_limit.return_memory_after_start()
    assert held - memory_limit.used() > 30_000_000
    assert len(last) == 60_000
