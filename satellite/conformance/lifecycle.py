"""What every engine promises of its life: load, describe, close."""

from __future__ import annotations

import asyncio
from typing import Any

from satellite.conformance.check import (
    ALLOWED,
    Make,
    Wrong,
    answer,
    answer_or_error,
    collect,
    expect,
    loaded,
    within,
)
from satellite.conformance.drive import settle
from satellite.conformance.exercise import Exercise
from satellite.errors import EngineClosed
from satellite.values import EngineInfo

TURNS = (0, 1, 3, 10, 30)
"""Turns of the event loop after which an engine is closed under a call."""


async def loads_twice(role: Exercise, make: Make, sample: Any) -> None:
    """Loading twice is loading once."""
    async with loaded(make, sample.patience) as engine:
        await within(sample.patience, engine.load(), "the second load")
        await answer(engine, role.usual(sample), sample.patience)


async def describes_itself(role: Exercise, make: Make, sample: Any) -> None:
    """It says what it is at any time, and after loading with its models."""
    async with make() as engine:
        _is_description(engine.describe(), "before load")
        await within(sample.patience, engine.load(), "load")
        info = engine.describe()
        _is_description(info, "after load")
        expect(info.models, "after load, describe() names no model")
        expect(all(model.name for model in info.models), "a model has no name")


async def closes_twice(role: Exercise, make: Make, sample: Any) -> None:
    """Closing twice is closing once, loaded or not."""
    async with make() as engine:
        for number in ("first", "second"):
            await within(sample.patience, engine.close(), f"the {number} close, unloaded,")
    async with loaded(make, sample.patience) as engine:
        await answer(engine, role.usual(sample), sample.patience)
        for number in ("first", "second"):
            await within(sample.patience, engine.close(), f"the {number} close")


async def is_closed_when_closed(role: Exercise, make: Make, sample: Any) -> None:
    """A call after closing raises `EngineClosed`."""
    async with loaded(make, sample.patience) as engine:
        await within(sample.patience, engine.close(), "close")
        try:
            await within(sample.patience, collect(engine, role.usual(sample)), "a call after close")
        except EngineClosed:
            return
        except ALLOWED as error:
            raise Wrong(f"a call after close raised {type(error).__name__}") from error
        raise Wrong("a call after close was answered")


async def closes_under_a_call(role: Exercise, make: Make, sample: Any) -> None:
    """Closing while a call runs ends both in time, the call with an `EngineError` at most."""
    for turns in TURNS:
        before = asyncio.all_tasks()
        async with loaded(make, sample.patience) as engine:
            call = asyncio.create_task(
                answer_or_error(
                    engine,
                    role.endless(sample),
                    sample.patience,
                    "a call under which the engine was closed",
                )
            )
            for _ in range(turns):
                await asyncio.sleep(0)
            try:
                await within(sample.patience, engine.close(), "close while a call runs")
            finally:
                await asyncio.wait({call})
            call.result()
        await settle(before, "an engine that was closed under a call")


def _is_description(info: Any, when: str) -> None:
    expect(isinstance(info, EngineInfo), f"describe() {when} returned {type(info).__name__}")
    expect(info.name, f"describe() {when} gives no name")
