"""What every engine promises of its calls: answers, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

from satellite.conformance.check import (
    ALLOWED,
    Case,
    Make,
    Wrong,
    answer,
    answer_or_error,
    collect,
    loaded,
    within,
)
from satellite.conformance.drive import count_waits, interrupt, longest_gap, settle
from satellite.conformance.exercise import Exercise

POINTS = 16
"""Awaits of a call at which it is cancelled: the first half of them one by one, the rest spread."""
ITEMS = 5
"""Items after which a call is closed early."""
GAP = 0.25
"""Longest time in seconds the event loop may be kept: past it, sound begins to stutter."""
TRIES = 3
"""Busy machines keep the loop, too, but not each time; a blocking engine does."""


async def answers_rightly(role: Exercise, make: Make, sample: Any) -> None:
    """It answers a request, and again, and another, in the order its protocol asks for."""
    async with loaded(make, sample.patience) as engine:
        await answer(engine, role.usual(sample), sample.patience, "the first call")
        await answer(engine, role.usual(sample), sample.patience, "the second call")
        await answer(engine, role.other(sample), sample.patience, "another request")


async def takes_empty_input(role: Exercise, make: Make, sample: Any) -> None:
    """A request with nothing in it gets the answer its protocol asks for."""
    async with loaded(make, sample.patience) as engine:
        for case in role.empty(sample):
            await answer(engine, case, sample.patience, "an empty request")
        await answer(engine, role.usual(sample), sample.patience, "the next call")


async def takes_long_input(role: Exercise, make: Make, sample: Any) -> None:
    """A very long request begins to be answered, or is refused, in time; so does its end."""
    async with loaded(make, sample.patience) as engine:
        try:
            await within(
                sample.patience, _take(engine, role.long(sample), 1), "a very long request"
            )
        except ALLOWED:
            pass
        await answer(engine, role.usual(sample), sample.patience, "the next call")


async def raises_only_engine_errors(role: Exercise, make: Make, sample: Any) -> None:
    """Strange requests are answered, or refused with an `EngineError`."""
    async with loaded(make, sample.patience) as engine:
        for case in role.strange(sample):
            await answer_or_error(engine, case, sample.patience, "a strange request")
        await answer(engine, role.usual(sample), sample.patience, "the next call")


async def keeps_calls_apart(role: Exercise, make: Make, sample: Any) -> None:
    """Calls that overlap each get their own answer."""
    cases = [role.usual(sample), role.other(sample)] * 2
    async with loaded(make, sample.patience) as engine:
        calls = [
            asyncio.create_task(answer(engine, case, sample.patience, "one of several calls"))
            for case in cases
        ]
        results = await asyncio.gather(*calls, return_exceptions=True)
        for wrong in results:
            if isinstance(wrong, BaseException):
                raise wrong


async def stops_at_any_await(role: Exercise, make: Make, sample: Any) -> None:
    """A call that is cancelled at any await ends, leaves nothing, and the next one works."""
    async with loaded(make, sample.patience) as engine:
        usual = role.usual(sample)
        await answer(engine, usual, sample.patience)
        before = asyncio.all_tasks()
        waits = await count_waits(collect(engine, usual), sample.patience)
        for at in _spread(waits):
            if await interrupt(collect(engine, usual), at, sample.patience):
                await settle(before, f"a call cancelled at its {at}. await")
                await answer(engine, usual, sample.patience, f"after one cancelled at {at},")


async def stops_after_any_item(role: Exercise, make: Make, sample: Any) -> None:
    """A call that is closed before or after any item ends, and the next one works."""
    async with loaded(make, sample.patience) as engine:
        usual = role.usual(sample)
        items = await answer(engine, usual, sample.patience)
        before = asyncio.all_tasks()
        for count in range(min(len(items), ITEMS) + 1):
            what = f"a call closed after {count} items"
            await within(sample.patience, _take(engine, usual, count), what)
            await settle(before, what)
            await answer(engine, usual, sample.patience, f"after {what}, the next one")


async def leaves_the_loop_free(role: Exercise, make: Make, sample: Any) -> None:
    """Its work keeps the event loop from others for no longer than 0.25 s."""
    async with loaded(make, sample.patience) as engine:
        gaps = []
        for _ in range(TRIES):
            gaps.append(await longest_gap(collect(engine, role.usual(sample)), sample.patience))
            if gaps[-1] <= GAP:
                return
        raise Wrong(f"a call kept the event loop for {min(gaps):.2f} s at a time")


async def _take(engine: Any, case: Case, count: int) -> None:
    """Take `count` items, then close the generator."""
    async with aclosing(case.start(engine)) as answers:
        for _ in range(count):
            if await anext(answers, None) is None:
                return


def _spread(waits: int) -> Iterator[int]:
    """At most `POINTS` numbers of 1 to `waits`: the first ones, then evenly spread."""
    head = min(waits, POINTS // 2)
    yield from range(1, head + 1)
    tail = min(waits - head, POINTS - head)
    yield from (head + (number * (waits - head)) // tail for number in range(1, tail + 1))
