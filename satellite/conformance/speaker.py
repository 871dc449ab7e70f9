"""The promises of a speaker."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec

from satellite.conformance.check import Check, Make, expect, within
from satellite.conformance.device import device_checks, opened
from satellite.conformance.drive import longest_gap, settle

SHORT = 0.2
"""Seconds of sound in one piece."""

LONG = 30.0
"""Seconds of sound that `stop` cuts off: more than any check waits for."""

GAP = 0.25
"""Longest time in seconds that a write may block the event loop, as for engines."""


class SpeakerSample(msgspec.Struct, frozen=True):
    """Patience alone: the sound that is played is silence."""

    patience: float = 10.0
    """Seconds that any one call may take, opening a slow device included."""


async def _plays_to_the_end(make: Make, sample: Any) -> None:
    """`drain` returns once the last sample has been played, and another piece can follow."""
    async with opened(make, sample.patience) as (speaker, form):
        for number in ("first", "second"):
            silence = bytes(form.bytes_of(SHORT))
            await within(sample.patience, speaker.write(silence), f"the {number} write")
            await within(sample.patience, speaker.drain(), f"the {number} drain")


async def _drains_without_sound(make: Make, sample: Any) -> None:
    """`drain` and `stop` return at once if nothing was written."""
    async with opened(make, sample.patience) as (speaker, _):
        await within(sample.patience, speaker.drain(), "drain without sound")
        await within(sample.patience, speaker.stop(), "stop without sound")


async def _stops_at_once(make: Make, sample: Any) -> None:
    """`stop` discards what was written and not yet played, and the speaker plays on afterwards."""
    async with opened(make, sample.patience) as (speaker, form):
        writing = asyncio.create_task(speaker.write(bytes(form.bytes_of(LONG))))
        await asyncio.wait({writing}, timeout=SHORT)
        writing.cancel()
        await asyncio.wait({writing}, timeout=sample.patience)
        expect(writing.done(), "a cancelled write did not end")
        begun = time.monotonic()
        await within(sample.patience, speaker.stop(), "stop")
        await within(sample.patience, speaker.write(bytes(form.bytes_of(SHORT))), "a later write")
        await within(sample.patience, speaker.drain(), "drain after stop")
        seconds = time.monotonic() - begun
        expect(seconds < LONG / 2, f"what was written before `stop` was played: {seconds:.0f} s")


async def _stops_writing(make: Make, sample: Any) -> None:
    """A write that is cancelled ends and leaves no task; the next one works."""
    async with opened(make, sample.patience) as (speaker, form):
        before = asyncio.all_tasks()
        write = asyncio.create_task(speaker.write(bytes(form.bytes_of(LONG))))
        await asyncio.sleep(0)
        write.cancel()
        done, _ = await asyncio.wait({write}, timeout=sample.patience)
        expect(done, "a cancelled write did not end")
        await settle(before, "a cancelled write")
        await within(sample.patience, speaker.stop(), "stop after a cancelled write")
        await within(sample.patience, speaker.write(bytes(form.bytes_of(SHORT))), "a later write")


async def _counts_underruns(make: Make, sample: Any) -> None:
    """`underruns` is a count that never falls."""
    async with opened(make, sample.patience) as (speaker, form):
        before = speaker.underruns
        await within(sample.patience, speaker.write(bytes(form.bytes_of(SHORT))), "write")
        await within(sample.patience, speaker.drain(), "drain")
        expect(isinstance(before, int) and before >= 0, f"underruns is {before!r}")
        expect(speaker.underruns >= before, "underruns has fallen")


async def _leaves_the_loop_free(make: Make, sample: Any) -> None:
    """Playing blocks the event loop for at most 0.25 s."""

    async def play() -> None:
        await speaker.write(bytes(form.bytes_of(SHORT)))
        await speaker.drain()

    async with opened(make, sample.patience) as (speaker, form):
        gap = await longest_gap(play(), sample.patience)
        expect(gap <= GAP, f"playing blocked the event loop for {gap:.2f} s")


SPEAKER_CHECKS: tuple[Check, ...] = device_checks(
    _plays_to_the_end,
    _drains_without_sound,
    _stops_at_once,
    _stops_writing,
    _counts_underruns,
    _leaves_the_loop_free,
)
