"""The promises of a microphone."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from satellite.conformance.check import Check, Make, expect, within
from satellite.conformance.device import device_checks, opened
from satellite.conformance.drive import longest_gap, settle

READS = 5
"""Reads of one check: a few frames of any device."""

GAP = 0.25
"""Longest time in seconds that a read may block the event loop, as for engines."""


class MicSample(msgspec.Struct, frozen=True):
    """Patience alone: the microphone itself is the input."""

    patience: float = 10.0
    """Seconds that any one call may take, opening a slow device included."""


async def _reads_whole_frames(make: Make, sample: Any) -> None:
    """Each read returns at least one frame, and whole frames only."""
    async with opened(make, sample.patience) as (mic, form):
        for _ in range(READS):
            audio = await within(sample.patience, mic.read(), "read")
            expect(isinstance(audio, bytes), f"read returned {type(audio).__name__}, not bytes")
            expect(audio, "read returned no samples")
            expect(len(audio) % form.frame_bytes == 0, f"read returned {len(audio)} bytes")


async def _counts_overruns(make: Make, sample: Any) -> None:
    """`overruns` is a count that never falls, `finished` is true or false."""
    async with opened(make, sample.patience) as (mic, _):
        before = mic.overruns
        await within(sample.patience, mic.read(), "read")
        expect(isinstance(before, int) and before >= 0, f"overruns is {before!r}")
        expect(mic.overruns >= before, "overruns has fallen")
        expect(isinstance(mic.finished, bool), f"finished is {mic.finished!r}")


async def _stops_reading(make: Make, sample: Any) -> None:
    """A read that is cancelled ends, and the next one works."""
    async with opened(make, sample.patience) as (mic, _):
        before = asyncio.all_tasks()
        read = asyncio.create_task(mic.read())
        await asyncio.sleep(0)
        read.cancel()
        done, _pending = await asyncio.wait({read}, timeout=sample.patience)
        expect(done, "a cancelled read did not end")
        await settle(before, "a cancelled read")
        await within(sample.patience, mic.read(), "a read after a cancelled one")


async def _leaves_the_loop_free(make: Make, sample: Any) -> None:
    """Waiting for samples blocks the event loop for at most 0.25 s."""

    async def read_frames() -> None:
        for _ in range(READS):
            await mic.read()

    async with opened(make, sample.patience) as (mic, _):
        gap = await longest_gap(read_frames(), sample.patience)
        expect(gap <= GAP, f"reading blocked the event loop for {gap:.2f} s")


MIC_CHECKS: tuple[Check, ...] = device_checks(
    _reads_whole_frames, _counts_overruns, _stops_reading, _leaves_the_loop_free
)
